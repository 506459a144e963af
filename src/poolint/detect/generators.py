"""Observations about generators that hold a checkout and are left before their end."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.holding.lending_generators import bound_to, held_across_yield
from poolint.analyses.managers import is_no_iterable
from poolint.analyses.occasions import Occasions
from poolint.analyses.waypoints import waypoint
from poolint.detect.databases import is_in_a_file
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.models.schema import HANDLES
from poolint.syntax.scopes import assigned, parent_of
from poolint.syntax.surroundings import around, is_inside, loops_around, may_await
from poolint.types.call_sites import callees_of
from poolint.types.values import Function, Instance, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class AbandonedGenerator(Observation, frozen=True, eq=False):
    """A loop over a generator that holds a checkout, left before its end. ``node`` is the call that makes it."""

    generator: str
    holds: str
    left_at: Waypoint
    is_possible: bool = False
    """Whether that happens no more than once at a time, at the start or the end, in a script, in a job of a schedule, after a
    failure alone, or takes nothing from anybody: the database certainly is a file."""


_RESUMING = frozenset((ast.AsyncFor, ast.Call, ast.Attribute, ast.Assign))
"""What stands around the making of a generator that is asked for items there, or by the name that it is given."""


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The loops in ``scope`` that leave such a generator behind, while what it has given holds a connection."""
    ev, holdings = services.evaluator, services.holdings
    for node in scope.calls:
        parent = parent_of(node)
        kind = type(parent)
        if kind not in _RESUMING or (kind is ast.Attribute and parent.attr != "__anext__"):  # type: ignore[union-attr]
            continue
        given = getattr(parent.target, "id", "") if isinstance(parent, ast.AsyncFor) else ""
        left_at = _only_step(node, parent, holdings, scope) if kind is ast.Assign else _left(node, parent)
        ways = [one for one in left_at if not given or not _has_ended(holdings, given, one, node, scope)]
        if not ways:
            continue
        left = min(ways, key=lambda one: _is_after_a_failure(one, scope))
        name, holds = _held_by(ev, node, scope)
        if holds:
            loops = isinstance(left, ast.stmt)
            at = waypoint("generator-left" if loops else "generator-stepped-once", left, scope.module)
            is_possible = (
                _is_after_a_failure(left, scope)
                or ev.derived(Occasions).runs_in_turn(scope)
                or _is_on_a_file(services, given, scope)
            )
            yield AbandonedGenerator(node, scope.qualified_name, may_await(node, scope), name, holds, at, is_possible)


def _is_after_a_failure(leaving: ast.AST, scope: Scope) -> bool:
    """Whether a loop is left in a handler of its own: only where something has failed, and the event loop soon ends the rest."""
    return isinstance(around(leaving, scope, (ast.ExceptHandler, ast.AsyncFor)), ast.ExceptHandler)


def _is_on_a_file(services: Services, given: str, scope: Scope) -> bool:
    """Whether what a loop is given, under a name, works with a database that certainly is a file."""
    found = alternatives(services.evaluator.scope_name(given, scope)) if given else ()
    lent = found[0] if len(found) == 1 else None
    cls = lent.base if isinstance(lent, Instance) else None
    return cls is not None and is_in_a_file(services, services.pools.of_given(given, scope), cls, scope)


def _has_ended(holdings: Holdings, given: str, leaving: ast.AST, made: ast.Call, scope: Scope) -> bool:
    """Whether a loop ends the use of what it has been given, under a name, before it leaves its generator by a statement: by
    then, or in what that runs first, the ``finally`` of each ``try`` of the loop."""
    if holdings.has_ended(given, leaving, scope):
        return True
    endings = [one.node for one in holdings.changes(scope).ending(given)]
    tried = around(leaving, scope, (ast.Try, ast.AsyncFor))
    while isinstance(tried, ast.Try) or (isinstance(tried, ast.AsyncFor) and tried.iter is not made):
        for statement in getattr(tried, "finalbody", ()):
            if any(is_inside(one, statement) for one in endings):
                return True
        tried = around(tried, scope, (ast.Try, ast.AsyncFor))
    return False


def _held_by(ev: Evaluator, node: ast.Call, scope: Scope) -> tuple[str, str]:
    """The generator that a call makes, and what it holds while it yields: as its body shows, or as is declared of what is
    called: that it gives sessions or connections one after the other."""
    node, scope = _made_at(ev, node, scope)
    callees = callees_of(ev, node, scope)
    if len(callees) != 1 or is_no_iterable(ev, node, scope):
        return "", ""
    if isinstance(callees[0], Function) and callees[0].scope.is_generator:
        inner = callees[0].scope
        return inner.name, held_across_yield(ev, inner) if inner.is_async else ""
    made = ev.type_of(node, scope)
    is_asynchronous = isinstance(made, Pending) and made.call == "async-generator"
    items = alternatives(made.item) if isinstance(made, Pending) and is_asynchronous else ()
    lent = [
        one.base for one in items if isinstance(one, Instance) and one.base is not None and one.base.kind in HANDLES
    ]
    is_one = bool(lent) and len(lent) == len(items)
    return last_name(node.func), lent[0].name.rpartition(".")[2] if is_one else ""


def _made_at(ev: Evaluator, node: ast.Call, scope: Scope) -> tuple[ast.Call, Scope]:
    """The call that makes what a call gives, where functions of the project do no more than to return it, one another's."""
    seen: set[Scope] = set()
    while True:
        callees = callees_of(ev, node, scope)
        one = callees[0] if len(callees) == 1 else None
        inner = one.scope if isinstance(one, Function) and one.scope.kind == "function" else None
        if inner is None or inner.is_generator or inner.is_async or inner in seen or len(inner.returns) != 1:
            return node, scope
        if not isinstance(inner.returns[0], ast.Call):
            return node, scope
        seen.add(inner)
        node, scope = inner.returns[0], inner


def _left(node: ast.expr, parent: ast.AST | None) -> Iterator[ast.stmt | ast.expr]:
    """Where the generator that ``node`` makes or names is left before its end, if nobody else can resume it."""
    if isinstance(parent, ast.AsyncFor) and parent.iter is node:
        yield from _leaves(parent)
    elif isinstance(parent, ast.Call) and parent.args[:1] == [node]:
        if isinstance(parent.func, ast.Name) and parent.func.id == "anext":
            yield parent
    elif isinstance(parent, ast.Attribute) and parent.attr == "__anext__":
        yield parent


def _only_step(
    node: ast.Call, parent: ast.AST | None, holdings: Holdings, scope: Scope
) -> Iterator[ast.stmt | ast.expr]:
    """The one step that is taken of a generator which has a name, where nobody else can resume or close it by that, and
    nothing ends what the step has given, or only on some of the ways."""
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    name = target.id if isinstance(target, ast.Name) else ""
    loads = scope.loads.get(name, ())
    step = next(_left(loads[0], parent_of(loads[0])), None) if len(loads) == 1 else None
    call = parent_of(step) if isinstance(step, ast.Attribute) else step
    if not isinstance(call, ast.Call) or name in scope.declared or assigned(name, scope) is not node:
        return
    awaited = parent_of(call)
    # In a part of an expression it may be one step of several.
    is_one = isinstance(awaited, ast.Await) and isinstance(parent_of(awaited), ast.stmt)
    if not is_one or len(loops_around(call)) > len(loops_around(node)):
        return
    if any(name in inner.loads for inner in scope.descendants() if inner is not scope):
        return
    bound = bound_to(call)
    is_ended = bool(bound) and next(holdings.changes(scope).ending(bound), None) is not None
    if not is_ended or any(one.resource == bound for one in holdings.left(scope)[0]):
        yield call


def _leaves(loop: ast.AsyncFor) -> Iterator[ast.stmt]:
    """The statements by which the loop is left before its end."""
    stack: list[tuple[ast.AST, bool, bool]] = [(one, False, False) for one in loop.body]
    while stack:
        node, in_loop, is_caught = stack.pop(0)
        if (
            isinstance(node, ast.Return)
            or (isinstance(node, ast.Break) and not in_loop)
            or (isinstance(node, ast.Raise) and not is_caught)
        ):
            yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        in_loop = in_loop or isinstance(node, (ast.For, ast.AsyncFor, ast.While))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                in_try = isinstance(node, ast.Try) and bool(node.handlers) and child in node.body
                stack.append((child, in_loop, is_caught or in_try))


DETECTOR = Detector("generators", lambda services: partial(observe, services))
