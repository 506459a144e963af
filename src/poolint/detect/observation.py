"""What a detector observes: a place where something may be wrong, before any rule has judged it.

The rule that subscribes to the kind of an observation decides whether something is, and words it. Observations are
values; the nodes they carry are ``ast`` nodes of the analysed module. Each kind stands beside its detector.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, eq=False)
class Observation:
    """Base of all observations. ``node`` is where a finding would stand; ``function`` the qualified name around."""

    node: ast.AST
    function: str
    in_async: bool
    """Whether an ``await`` may be written at this place."""
    on_request: ClassVar[bool] = False
    """Whether only rules that are off by default judge this: it is no leak, and no rule is loaded for it unasked."""


@dataclass(frozen=True, eq=False)
class GivenUp(Observation):
    """A function (``node``) that is too large or too tangled to be followed, or from which on a file has too many."""

    limit: int
    bounds: Literal["events", "functions"] = "events"
