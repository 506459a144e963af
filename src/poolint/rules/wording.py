"""Consequences in words: what really happens, by what the models say of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.awaits import DroppedAwaitable
from poolint.detect.collector import LeftToCollector
from poolint.diagnostics import Certainty
from poolint.models.schema import POOLING
from poolint.rules.base import Declined, Verdict

if TYPE_CHECKING:
    from poolint.analyses.repetition import Repetition
    from poolint.detect.holders import LostMember
    from poolint.detect.leaks import LeakedCheckout
    from poolint.detect.observation import GivenUp, Observation
    from poolint.detect.owners import LongLived, UnreleasedAttribute
    from poolint.models.schema import Class

_HELD = {
    "terminated": "its connection stays checked out until the garbage collector terminates it, late and with a warning",
    "collected": "its connection stays checked out, silently, until a cyclic garbage collection finds it",
    "dropped": "its connection stays checked out as long as anybody refers to it",
    "closed": "its connection stays checked out as long as anybody refers to it",
    "lost": "its slot in the pool is lost forever",
}

_BY_REFERENCE = ("closed", "dropped")
"""Ways in which the last reference ends it."""

_OPEN = {
    "terminated": "its connections stay open until the garbage collector closes them, with a warning",
    "open": "its connections stay open until the other side closes them",
}

_UNREAD = {
    "lost": "its connection never comes back to the pool of its client",
    "collected": "its connection is missing in the pool of its client until it has been read, or is collected",
    "closed": "its connection never comes back to the pool of its client, and is closed when it is collected",
}


def held(cls: Class | None) -> str:
    """What it means that something is not given back."""
    kind = cls.kind if cls is not None else ""
    if kind in POOLING:
        return "its connections stay open"
    if kind == "client":
        return _OPEN.get(cls.on_drop if cls is not None else "", "its connections stay open")
    if kind == "response":
        return _UNREAD.get(cls.on_drop if cls is not None else "", _UNREAD["lost"])
    if cls is not None and cls.on_drop in _HELD:
        return _HELD[cls.on_drop]
    return "its connection stays checked out"


def lost(leak: LeakedCheckout | UnreleasedAttribute | LongLived) -> str:
    """What it means that a checkout is not given back; a connection that was opened outside of any pool stays open."""
    if leak.cls.kind == "connection" and leak.call.is_direct:
        return "the connection stays open until it is collected"
    return held(leak.cls)


def is_ended_when_dropped(leak: LeakedCheckout) -> bool:
    """Whether a client ends itself, with a warning, when nobody has it any more, and needs no event loop for that: at the latest
    as the function returns; or whether a connection does that, of a driver or of a pool that gets it back so."""
    if leak.cls.kind == "client":
        return leak.cls.mode == "sync" and leak.cls.on_drop == "terminated"
    return leak.cls.kind == "connection" and leak.cls.mode == "sync" and leak.cls.on_drop in _BY_REFERENCE


def certainty(leak: LeakedCheckout) -> Certainty:
    """How sure it is that something comes of a leak: not where a connection is closed, or given back, by its last reference;
    but the traceback of what is raised refers to it for as long as somebody works on that, and a pool is short of it."""
    is_ended = leak.cls.kind == "connection" and is_ended_when_dropped(leak)
    is_missed = leak.problem == "exception" and leak.cls.on_drop == "dropped"
    return Certainty.POSSIBLE if is_ended and not is_missed else Certainty.CERTAIN


ELSEWHERE = Declined(
    "something else is observed there, or where it comes from, that has precedence: that is judged instead"
)
"""Why a rule that yields does not report."""


NO_RELEASE: frozenset[type[Observation]] = frozenset({DroppedAwaitable, LeftToCollector})
"""A release that is written and does not happen: of what is lost by it, that is said once, where it can be mended."""


def given_up(observation: GivenUp) -> str:
    """What is not followed, and after how much."""
    return _GIVEN_UP[observation.bounds].format(observation.function, observation.limit)


_GIVEN_UP = {
    "events": "`{}` is too large to be followed: lifetimes in it were given up after {} events",
    "summaries": "what `{}` calls was given up after {} rounds: what is found in it is incomplete",
    "functions": "a file of more than {1} functions is not followed from `{0}` on",
}

_AGAIN = {
    "call": "each call of `{}`",
    "round": "each round of the loop in `{}`",
    "request": "each request",
    "again": "this call, after another one,",
}


def again(one: Repetition) -> str:
    """On what occasions something happens again and again."""
    if one.by == "round" and not one.function:
        return "each round of the loop"
    return _AGAIN[one.by].format(one.function)


def is_pool_per_call(leak: LeakedCheckout) -> bool:
    """Whether what is never given back is a pool of its own: POL209, which says to build it once. Else it is POL201."""
    return leak.cls.kind in POOLING or (leak.cls.kind == "client" and leak.repeated)


def leak_subject(leak: LeakedCheckout) -> str:
    """What leaks, and where it comes from: ``conn`` from ``engine.connect()``."""
    source = f"{leak.helper}()" if leak.helper else leak.call.as_written
    if leak.variable:
        return f"`{leak.variable}` from `{source}`"
    return f"the response of `{source}`" if leak.cls.kind == "response" else f"what `{source}` checks out"


def raising(leak: LeakedCheckout) -> str:
    """What goes wrong on the path of a leak."""
    return f"`{leak.culprit}` raises" if leak.culprit else "an exception is raised"


def lost_member(lost: LostMember) -> Verdict:
    """What an object loses as its block begins or ends."""
    if lost.problem == "half-built":
        text = f"`{lost.member}` is lost when `{lost.culprit}` raises, since nothing leaves a block that is not entered"
    else:
        text = f"`{lost.member}` is not released when `{lost.culprit}` raises"
    return Verdict(f"{text}: {held(lost.cls)}", lost.member, lost.path)


def called(name: str, *, is_read: bool) -> str:
    """What a function of the project is called by: a call of it, or a read where it is a property."""
    return f"`{name}`, a property," if is_read else f"`{name}()`"
