"""Observations about the life of a session: what begins twice, and what is used when it has ended."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.holding import inside, root_of
from poolint.analyses.holding.entry import since
from poolint.analyses.waypoints import waypoint
from poolint.detect.backgrounds import Backgrounds
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.requests import end_of
from poolint.models.schema import HANDLES, SESSIONS
from poolint.syntax.surroundings import may_await
from poolint.types.annotated import is_injected
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.waypoints import Waypoint
    from poolint.frameworks.requests import End
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


class BeginAfterUse(Observation, frozen=True, eq=False):
    """``begin()`` on a session that has begun, with the use or the block by which it has. ``node`` is the call."""

    resource: str
    used: Waypoint


class OutlivesScope(Observation, frozen=True, eq=False):
    """A session of a block or a request that is handed to a task which runs when that has ended.

    ``maker`` makes the task, ``ends`` says what the session's life ends with, ``end`` when: before the response or after.
    """

    resource: str
    maker: str
    ends: Owner
    end: End = "before-response"


Owner = Literal["block", "request"]
"""With what the life of a session ends: the block that has opened it, or the request that it was made for."""


def observe(ev: Evaluator, holdings: Holdings, backgrounds: Backgrounds, scope: Scope) -> Iterator[Observation]:
    """Second beginnings in ``scope``, and tasks that get a session which ends before they do."""
    begins = scope.calls_of("begin")
    may_outlive = len(begins) < len(scope.calls) and _has_lives(ev, backgrounds, scope)
    for node in scope.calls if may_outlive else begins:
        if node in begins:
            yield from _begun_twice(ev, holdings, node, scope)
        else:
            yield from _handed_over(ev, backgrounds, node, scope)


def _begun_twice(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    fact, root = call_site(ev, node, scope), root_of(node)
    if fact is None or fact.cls is None or fact.cls.kind not in SESSIONS or fact.role != "begin" or root is None:
        return
    resource = text_of(root, scope)
    if any(one.arg == "nested" for one in node.keywords) or _is_asked(resource, scope):
        return
    for region in holdings.changes(scope).regions:
        is_around = region.session == resource and region.header is not node and inside(node, region.statement)
        if is_around and region.fact.method != "begin_nested":
            used = waypoint("begins", region.header, scope.module, text_of(region.header, scope))
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return
    for hold in holdings.at(node, scope):
        if hold.resource == resource and hold.header is None and hold.is_sure:
            used = since(hold, scope, "autobegins")
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return
    for call in scope.calls:
        if _begins(ev, call, resource, scope) and holdings.lasts(call, node, resource, scope):
            used = waypoint("autobegins", call, scope.module, text_of(call, scope))
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return


def _begins(ev: Evaluator, call: ast.Call, resource: str, scope: Scope) -> bool:
    """Whether a call makes a session begin a transaction in memory."""
    function = call.func
    if not isinstance(function, ast.Attribute) or text_of(function.value, scope) != resource:
        return False
    fact = call_site(ev, call, scope)
    return fact is not None and getattr(fact.row, "begins", False)


def _is_asked(resource: str, scope: Scope) -> bool:
    """Whether a function asks its session whether it has begun."""
    asked = (one.func for one in scope.calls if last_name(one.func) in ("in_transaction", "get_transaction"))
    return any(isinstance(one, ast.Attribute) and text_of(one.value, scope) == resource for one in asked)


class Life(NamedTuple):
    """What ends the life of a session or connection, and when: before or after the response."""

    ends: Owner
    end: End
    cls: Class


def life_of(ev: Evaluator, name: str, scope: Scope) -> Life | None:
    """The life of a session or connection, where its end is not the function's own doing."""
    found = _session(ev, ast.Name(name, ast.Load()), scope)
    return _life_of_binding(ev, *found, scope) if found is not None else None


def _life_of_binding(ev: Evaluator, binding: Binding, cls: Class, scope: Scope) -> Life | None:
    if binding.kind == "with":
        return Life("block", "before-response", cls)
    if binding.kind == "parameter" and is_injected(ev, binding, scope):
        return Life("request", end_of(ev, binding, scope), cls)
    return None


def _handed_over(ev: Evaluator, backgrounds: Backgrounds, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """What is handed to a task that begins here or in a helper, and lives no longer than a block or a request."""
    for place, when in dict(backgrounds.handed(node, scope)).items():
        found = _life(ev, backgrounds, place, scope)
        if found is None:
            continue
        binding, life = found
        if when == "after-response":
            yield _outlives(node, scope, place, last_name(node.func), life.ends, life.end)
        elif life.ends == "request" or any(_binds(one, binding) and inside(node, one) for one in scope.withs):
            yield _outlives(node, scope, place, last_name(node.func), life.ends)


def _life(ev: Evaluator, backgrounds: Backgrounds, place: str, scope: Scope) -> tuple[Binding, Life] | None:
    """The life of what is at a place, with the binding that begins it."""
    root, _, path = place.partition(".")
    found = _session(ev, ast.Name(root, ast.Load()), scope)
    if found is None and path:
        bindings = [one for one in scope.bindings.get(root, ()) if one.kind != "narrowed"]
        cls = backgrounds.places.kept(ev.scope_name(root, scope)).get(path) if len(bindings) == 1 else None
        found = (bindings[0], cls) if cls is not None else None
    life = _life_of_binding(ev, *found, scope) if found is not None else None
    return (found[0], life) if found is not None and life is not None else None


def _has_lives(ev: Evaluator, backgrounds: Backgrounds, scope: Scope) -> bool:
    """Whether a function has anything of which :func:`_life` knows an end: cheaper to ask than what its calls hand on."""
    carriers = backgrounds.places.carrying.carriers(scope)
    for name, bound in scope.bindings.items():
        if name not in carriers:
            continue
        bindings = [one for one in bound if one.kind != "narrowed"]
        if len(bindings) != 1 or bindings[0].kind not in ("with", "parameter"):
            continue
        if bindings[0].kind == "parameter" and not is_injected(ev, bindings[0], scope):
            continue
        if _session(ev, ast.Name(name, ast.Load()), scope) or backgrounds.places.kept(ev.scope_name(name, scope)):
            return True
    return False


def _outlives(
    node: ast.Call, scope: Scope, resource: str, maker: str, ends: Owner, end: End = "before-response"
) -> OutlivesScope:
    return OutlivesScope(node, scope.qualified_name, may_await(node, scope), resource, maker, ends, end)


def _session(ev: Evaluator, node: ast.expr, scope: Scope) -> tuple[Binding, Class] | None:
    """The only binding of a name that is a session or a connection, and the class of that."""
    if not isinstance(node, ast.Name):
        return None
    bindings = [one for one in scope.bindings.get(node.id, ()) if one.kind != "narrowed"]
    if len(bindings) != 1:
        return None
    for one in alternatives(ev.scope_name(node.id, scope)):
        if isinstance(one, Instance) and one.base is not None and one.base.kind in HANDLES:
            return bindings[0], one.base
    return None


def _binds(statement: ast.With | ast.AsyncWith, binding: Binding) -> bool:
    return any(item.context_expr is binding.value for item in statement.items)


DETECTOR = Detector(
    "outliving",
    lambda services: partial(
        observe, services.evaluator, services.holdings, services.kept(Backgrounds, lambda: Backgrounds(services))
    ),
    near=True,
)
