"""Observations about the project's own coroutines: those that work on a database and are never awaited."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.decorators import keeps_coroutines, may_be_replaced
from poolint.analyses.handed_coroutines import handed, is_dropped_at_once
from poolint.analyses.passed_on import end, is_told_apart
from poolint.analyses.waypoints import calls_of
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.expressions import is_none
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import may_be_another
from poolint.syntax.surroundings import may_await
from poolint.syntax.uses import Usage, Use, usage
from poolint.types.call_sites import call_site, callees_of, receiver_text
from poolint.types.definitions import Definitions
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from poolint.analyses.effects import Effects
    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class DroppedDatabaseCoroutine(Observation, frozen=True, eq=False):
    """A coroutine of the project's own that works on a database, made and never awaited.

    ``names`` is the chain of functions down to the call that would have reached the database. ``is_possible``: a plain
    function of a test makes it, which shows as the test runs; or only some of what may run there work on one.
    """

    receiver: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]
    is_possible: bool = False


_USED = frozenset({Use.CONSUMED, Use.ITERATED_ASYNC, Use.TESTED})
_UNAWAITED = _USED | {Use.DROPPED}
"""Uses that no coroutine is made for: dropped, or used as if it were what it gives."""

_GIVE_UP = frozenset({"close", "throw"})
"""Methods of a coroutine itself that end it unrun, where something else would have run it."""


def observe(ev: Evaluator, effects: Effects, asking: Effects, scope: Scope) -> Iterator[Observation]:
    """The calls in ``scope`` that make such a coroutine and drop it: one that changes something, by ``effects``; or one that only
    asks the database, by ``asking``, whose result is used, or which has none: it is called for what it does then, a check."""
    if not scope.calls:
        return
    definitions = ev.derived(Definitions)
    known, defined = definitions.coroutines(scope.module), definitions.of(scope.module)
    is_async = scope.is_async
    # Most names are called by several calls, and by none of them anything that can be one.
    asked = {
        name
        for name in scope.called
        if not name or name in known or (is_async and name in defined) or may_be_another(name, scope)
    }
    for node in scope.calls_named(asked):
        if not may_be_coroutine(node.func, scope, known):
            if is_async and last_name(node.func) in defined and is_dropped_at_once(node, scope):
                yield from _handed(ev, node, scope)
            continue
        used = usage(node, scope)
        if used.use is not Use.ESCAPES and _is_in_order(used):
            continue
        callees = callees_of(ev, node, scope)
        if not callees or not all(isinstance(one, Function) and _is_coroutine(ev, one.scope) for one in callees):
            continue
        fact = call_site(ev, node, scope)
        if fact is not None and fact.row is not None:
            continue  # an override of a library's method is told of as that
        if (used.use is Use.ESCAPES and _is_in_order(end(ev, node, used, scope))) or is_told_apart(ev, node, scope):
            continue
        first = callees[0]
        assert isinstance(first, Function)
        # Of an abstract one, what all that may run in its place do is certain, what some do is possible.
        written = effects.edges.heirs.written(first) or (first.scope,)
        if any(one.is_generator for one in written):
            continue  # it is declared like a coroutine, and its items are asked for one after the other
        witnesses = [(one, effects.of_function(one)) for one in written]
        is_meant = used.use in _USED or all(_gives_nothing(one) for one in written)
        if is_meant and not any(found is not None for _, found in witnesses):
            witnesses = [(one, asking.of_function(one)) for one in written]
        does, witness = next(((one, found) for one, found in witnesses if found is not None), (first.scope, None))
        if witness is None:
            continue
        names = (does.qualified_name, *(link.name for link in witness.links))
        awaits = may_await(node, scope)
        where = (node, scope.qualified_name, awaits)
        is_possible = any(found is None for _, found in witnesses) or (not awaits and is_test(scope.module, ev.project))
        yield DroppedDatabaseCoroutine(*where, receiver_text(node, scope), names, calls_of(witness), is_possible)


def _handed(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """The same of a plain function that only makes a coroutine and returns it."""
    callee = ev.type_of(node.func, scope)
    witness = handed(ev, callee.scope) if isinstance(callee, Function) and not callee.scope.is_async else None
    if witness is not None and isinstance(callee, Function):
        names = (callee.scope.qualified_name, *(link.name for link in witness.links))
        yield DroppedDatabaseCoroutine(
            node, scope.qualified_name, True, receiver_text(node, scope), names, calls_of(witness)
        )


def _gives_nothing(scope: Scope) -> bool:
    return all(is_none(one) for one in scope.returns)


def _is_in_order(used: Usage) -> bool:
    return used.use not in _UNAWAITED or (used.attribute in _GIVE_UP and used.also_escapes)


def may_be_coroutine(callee: ast.expr, scope: Scope, known: Set[str]) -> bool:
    """Whether a callee can be one of the ``async def``\\ s of these names: to tell its type may take many modules."""
    if isinstance(callee, ast.Attribute):
        return callee.attr in known  # a method has the name that its class gives it
    if not isinstance(callee, ast.Name) or callee.id in known:
        return True
    return may_be_another(callee.id, scope)


def _is_coroutine(ev: Evaluator, scope: Scope) -> bool:
    """Whether calling a function surely gives a coroutine: an ``async def`` that nothing unknown has changed."""
    if not scope.is_async or scope.is_generator or may_be_replaced(ev, scope):
        return False
    for decorator in getattr(scope.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in ev.models.words("keeps-function") or name == "abstractmethod":
            continue
        if not keeps_coroutines(ev, decorator, scope.parent or scope):
            return False
    return True


DETECTOR = Detector(
    "coroutines", lambda services: partial(observe, services.evaluator, services.database, services.using.uses)
)
