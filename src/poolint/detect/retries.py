"""Observations about loops that try again to get a connection, at once and without end."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.sinks import PAUSING
from poolint.analyses.waypoints import waypoint
from poolint.detect.bodies import Body, is_awaited
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Edges
    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


class BusyRetry(Observation, frozen=True, eq=False):
    """A loop that tries again at once to get a connection, without end. ``node`` is the call that fails."""

    on_request = True

    call: str
    handler: Waypoint


_PASSES_TIME = PAUSING | {"wait", "room", "queue"}
"""Effects of calls before the next attempt that let time pass."""

_SAYS_WAIT = re.compile("sleep|wait|back_?off|delay|retry|pause|jitter")
"""English words for what lets time pass, whoever has written it."""


def observe(ev: Evaluator, edges: Edges, scope: Scope) -> Iterator[Observation]:
    """The checkouts in ``scope`` that an endless loop makes again as soon as they have failed."""
    for handler in scope.handlers:
        statement = parent_of(handler)
        loop = parent_of(statement) if isinstance(statement, ast.Try) else None
        if not isinstance(statement, ast.Try) or not isinstance(loop, ast.While) or not _is_endless(loop):
            continue
        if handler is not statement.handlers[0] or any(_leaves(one) for one in statement.handlers):
            continue
        body = Body(ev, edges, statement, scope)
        taken = next((one for one in body.known() if _connects(one)), None)
        if taken is None or _lets_time_pass(Body(ev, edges, loop, scope)):
            continue
        yield BusyRetry(
            taken.node,
            scope.qualified_name,
            may_await(taken.node, scope),
            taken.api,
            waypoint("tries-again", handler.body[-1], scope.module),
        )


def _is_endless(loop: ast.While) -> bool:
    """Whether only what is in the loop ends it: ``while True``, or until there is a connection."""
    if isinstance(loop.test, ast.Constant):
        return bool(loop.test.value)
    return isinstance(loop.test, ast.UnaryOp) and isinstance(loop.test.op, ast.Not)


def _leaves(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(one, (ast.Raise, ast.Return, ast.Break)) for part in handler.body for one in ast.walk(part))


def _connects(fact: CallSite) -> bool:
    return fact.role == "checkout"


def _lets_time_pass(body: Body) -> bool:
    for call, fact in body.facts():
        name = last_name(call.func).lower()
        if _SAYS_WAIT.search(name):
            return True
        if fact is not None and fact.row is not None and fact.row.effect in _PASSES_TIME:
            return True
        if is_awaited(call) and (fact is None or fact.row is None):
            return True  # it may wait for something
    return False


DETECTOR = Detector(
    "retries", lambda services: partial(observe, services.evaluator, services.edges), of="handlers", on_request=True
)
