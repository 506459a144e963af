"""Observations about event loops that are run inside of a pool, where the loop of its engine is running already."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal

from poolint.analyses.effects import Effects
from poolint.analyses.event_targets import is_of_async_engine, registrations, uses_async_engines
from poolint.analyses.waypoints import calls_of
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.models.schema import POOLING
from poolint.types.call_sites import callees_of
from poolint.types.values import ClassObject, Function, LibraryFunction, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


Part = Literal["listener", "creator", "pool"]
"""What an engine runs by itself: listeners, the function that connects, the methods of its pool."""


class LoopInsidePool(Observation, frozen=True, eq=False):
    """An event loop that is run where the loop of an asynchronous engine waits: in its pool, creator or listener.

    ``part`` says what the code is part of, ``owner`` the name of that where it has one. ``names`` is the chain of functions
    down to the call, ``path`` where each stands.
    """

    part: Part
    owner: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]


def observe(ev: Evaluator, loops: Effects, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
    """The calls that run an event loop inside of what ``scope`` makes part of an asynchronous engine's pool."""
    if scope.kind == "class":
        yield from _pool_class(ev, loops, scope)
        return
    for one in registrations(ev, scope):
        if one.listener is not None and is_of_async_engine(ev, one.target, scope):
            name = one.event.value if isinstance(one.event, ast.Constant) else None
            event = name if isinstance(name, str) else ""
            yield from _inside(loops, one.listener.scope, one.call, ("listener", event), scope)
    creators = {one for maker in ev.models.makers.values() for one in maker.creators}
    for call in scope.calls:
        for keyword in call.keywords:
            if keyword.arg in creators and _makes_async_pool(ev, call, scope):
                for function in alternatives(ev.type_of(keyword.value, scope)):
                    if isinstance(function, Function):
                        yield from _inside(loops, function.scope, keyword.value, ("creator", keyword.arg), scope)


def _pool_class(ev: Evaluator, loops: Effects, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
    if not any("Pool" in last_name(one) for one in getattr(scope.node, "bases", ())):
        return
    base = ev.class_object(scope).base
    of_engines = {each.name for one in ev.models.classes.values() if one.pool for each in ev.models.lineage(one)}
    if base is None or base.kind != "pool" or base.name not in of_engines:
        return
    is_async = any(one.pool is not None and one.pool.engines == "async" for one in ev.models.lineage(base))
    if not (is_async or uses_async_engines(ev, scope)):
        return
    for method in scope.children:
        if method.kind == "function" and not method.is_async:
            yield from _inside(loops, method, method.node, ("pool", scope.name), method)


def _inside(
    loops: Effects, inner: Scope, outside: ast.AST, part: tuple[Part, str], scope: Scope
) -> Iterator[tuple[Scope, Observation]]:
    """The calls in a function, or that function itself where it stands in another module."""
    for call in inner.calls:
        witness = loops.of_call(call, inner)
        if witness is not None:
            is_here = inner.module is scope.module
            node, function = (call, inner) if is_here else (outside, scope)
            names = tuple(link.name for link in witness.links)
            yield function, LoopInsidePool(node, function.qualified_name, False, *part, names, calls_of(witness))


def _makes_async_pool(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    for one in callees_of(ev, call, scope):
        if isinstance(one, LibraryFunction):
            made = ev.models.classes.get(one.row.returns)
        else:
            made = one.base if isinstance(one, ClassObject) else None
        if made is not None and made.mode == "async" and made.kind in POOLING:
            return True
    return False


def _runs_loop(fact: CallSite) -> str:
    return "loop" if fact.role == "drive" else ""


DETECTOR = Detector(
    "inside-pools",
    lambda services: partial(observe, services.evaluator, Effects(services.edges, _runs_loop)),
    words=lambda _: (b"listen", b"creator", b"Pool"),
)
