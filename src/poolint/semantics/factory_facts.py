"""What is observed about functions that make pools for others; see :mod:`poolint.semantics.facts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.semantics.facts import Observation

if TYPE_CHECKING:
    from poolint.diagnostics import Step
    from poolint.models.schema import Class
    from poolint.semantics.facts import CallFact


@dataclass(frozen=True, eq=False)
class MadeForEachCall(Observation):
    """An engine, a pool or a client that a function makes for its caller, again and again, and that nobody closes.

    ``node`` is the call that makes it, ``user`` says in words for whom that happens.
    """

    call: CallFact
    cls: Class
    user: str
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class OwnerForEachCall(Observation):
    """An object of the project that has a pool of its own, made again and again, and never closed.

    ``node`` is the call that gives it, ``variable`` its name there; ``owner`` is the class that has the pool,
    ``closer`` the method by which it would be closed. ``user`` says in words for whom that happens.
    """

    variable: str
    owner: str
    closer: str
    user: str
    path: tuple[Step, ...]
