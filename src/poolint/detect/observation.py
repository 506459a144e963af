"""What a detector observes: a place where something may be wrong, before any rule has judged it.

The rule that subscribes to the kind of an observation decides whether something is, and words it. Observations are
values; the nodes they carry are ``ast`` nodes of the analysed module. Each kind stands beside its detector.
"""

from __future__ import annotations

import ast
from typing import ClassVar, Literal

import msgspec


class Observation(msgspec.Struct, frozen=True, eq=False):
    """Base of all observations. ``node`` is where a finding would stand; ``function`` the qualified name around."""

    node: ast.AST
    function: str
    in_async: bool
    """Whether an ``await`` may be written at this place."""

    @property
    def places(self) -> tuple[ast.AST, ...]:
        """The nodes at which something else that is observed may be the cause of this."""
        return (self.node,)

    on_request: ClassVar[bool] = False
    """Whether only rules that are off by default judge this: it is no leak, and no rule is loaded for it unasked."""


def is_only_possible(observation: Observation) -> bool:
    """Whether what is observed may be so only. Kinds that know no such thing are sure of what they say."""
    return getattr(observation, "is_possible", False)


Dismissal = Literal[
    # of what waits while something is held
    "ends-it",
    "hands-it-on",
    "begins-together",
    "ended-below",
    "ended-on-the-way",
    "nothing-written",
    "without-transaction",
    "holds-below",
    "told-at-its-end",
    "retries-itself",
    "nobody-runs",
    "in-memory",
    # of a second checkout
    "unknown-pool",
    "other-pool",
    "earlier-round",
    "same-resource",
    "same-context",
    "ended-before",
    "held-below",
    # of what is owed
    "told-as-lent",
    "part-outlives",
    "ends-the-process",
    "owner-kept",
    "interrupt-only",
    "unknown-method",
    "released-at-once",
    "expected-to-fail",
    "lives-on",
    "no-query",
    # of anything
    "unreachable",
]
"""Why a detector lets something pass. In words: ``poolint.explain.words.DISMISSALS``."""


class Dismissed(Observation, frozen=True, eq=False):
    """What a detector has looked at, and does not observe. No rule sees it: it is kept where somebody asks why.

    ``about`` is the resource or the call that the reason speaks of, as written.
    """

    reason: Dismissal
    about: str = ""


class GivenUp(Observation, frozen=True, eq=False):
    """A function (``node``) that is too large or too tangled to be followed, or that depends on functions of which nothing
    can be found out, or from which on a file has too many functions."""

    limit: int
    bounds: Literal["events", "summaries", "functions"] = "events"
