"""Paths in words: the steps that a finding shows, from the waypoints that were observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.waypoints import Waypoint
from poolint.diagnostics import Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.waypoints import What

TEXTS: dict[What, str] = {
    "calls": "calls `{}`",
    "runs-for-each-item": "`{}` runs one for each item",
    "runs-after-response": "`{}` runs after the response, before that ends",
    "runs-on-new-loop": "`{}` runs it on a loop of its own",
    "raises": "`{}` may raise",
    "fails": "`{}` may fail",
    "cancelled": "`{}` may be cancelled",
    "tries-again": "and retries immediately",
    "checked-out": "`{}` is checked out here",
    "checked-out-unheld": "checked out here, and nothing holds it",
    "created": "`{}` is made here",
    "entered": "it is entered here",
    "closed": "it is closed here",
    "released": "the block releases it here",
    "would-be-released": "`{}` would be released here",
    "rebinds-name": "`{}` binds the name again",
    "rebinds-attribute": "`{}` binds it again",
    "raises-after-checkout": "`{}` may raise, and then nobody can release it",
    "yields": "`{}` yields to a consumer that may fail or leave",
    "leaves": "the function is left with `{}` still checked out",
    "generator-left": "the loop is left here, before the generator has ended",
    "generator-stepped-once": "only its first step is taken",
    "never-removed": "this checks out a connection, and nothing removes its session",
    "takes-connection": "`{}` takes a connection",
    "takes-another": "takes another one from the same pool",
    "passed-by": "where `{}` is {}, `{}` is not reached",
    "left-held-by": "where `{}` is {}, `{}` leaves it held",
    "held-already": "`{}` passes it `{}`, which holds a connection already",
    "parent-takes-connection": "the parent takes a connection",
    "dependency-used": "`{}` has used the session of `{}`",
    "dependency-used-own": "`{}` uses its session before handing it out",
    "dependency-may-use": "`{}` has used the session of `{}`, on some of its ways",
    "dependency-may-use-own": "`{}` uses its session before handing it out, on some of its ways",
    "guard-used": "`{}` runs first, and has used the session",
    "decorator-used": "`{}` has used the session, which holds its connection while this function runs",
    "passed-in": "`{}` is passed in with its connection, which its caller holds until this function returns",
    "decorator-took": "`{}` takes a connection, which it holds while this function runs",
    "template-took": "`{}` takes a connection, before `{}` calls this method",
    "dependency-took": "`{}` has taken a connection, which it holds until the request ends",
    "opens-transaction": "`{}` opens the transaction",
    "begins": "`{}` begins a transaction",
    "autobegins": "`{}` begins a transaction by itself",
    "row-lock": "`{}` takes a row lock",
    "maybe-row-lock": "`{}` takes a row lock if it is asked to",
    "table-lock": "`{}` takes a table lock",
    "advisory-lock": "`{}` takes an advisory lock",
    "locks-first": "`{}` locks `{}` first",
    "locks-then": "`{}` locks `{}` then",
    "is-synchronous": "`{}` is a synchronous {}",
    "has-to-await": "`{}` has to await what it gives then",
    "needs-no-loop": "nothing in `{}` needs the event loop: with `def` instead of `async def` it would run in a thread",
    "awaits-nothing-else": "`{}` awaits nothing else: with `def` instead of `async def` both would run in a thread",
    "expires": "`{}` expires `{}`",
    "reloads": "`{}` is loaded again, which `{}` has expired",
    "loaded-without": "`{}` is loaded without `{}`",
    "read": "`{}` is read",
    "given-to-task": "a task gets `{}`",
    "given-to-thread": "a thread gets `{}`",
    "called-at-once": "`{}` has it called several times at once",
    "used-meanwhile": "`{}` uses it meanwhile",
    "makes-pool": "`{}` makes the pool",
    "has-own-pool": "`{}` makes a pool of its own",
    "made-for-each-request": "each request gets one of its own, and does not close it",
    "made-for-each-round": "each round of the loop in `{}` gets one of its own, and does not close it",
    "made-for-each-call": "each call of `{}` gets one of its own, and does not close it",
    "url": "`{}://` comes from here",
    "admits": "`{}` lets in {}",
    "processes": "{} processes of `{}`: {}",
    "replicas": "{} replicas of `{}`: {}",
    "connections": "`{}`: {} connections from `{}`",
    "migrations": "{} for migrations: {}",
    "max-connections": "max_connections is {}: {}",
}
"""What happens at a waypoint, about what the waypoint names."""


def text(what: What, about: Iterable[str]) -> str:
    """What happens, in words."""
    return TEXTS[what].format(*about)


def steps(path: Iterable[Waypoint | Step]) -> tuple[Step, ...]:
    """A path in words; a step that a rule has worded itself stays as it is."""
    return tuple(
        Step(text(one.what, one.about), one.filename, one.range) if isinstance(one, Waypoint) else one for one in path
    )
