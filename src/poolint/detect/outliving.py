"""Observations about the life of a session: what begins twice, and what is used when it has ended."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.holding import inside, root_of
from poolint.analyses.holding.entry import since
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.hooks import runs_after_response
from poolint.frameworks.requests import end_of
from poolint.models.schema import HANDLES, SESSIONS
from poolint.syntax.scopes import parent_of
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


@dataclass(frozen=True, eq=False)
class BeginAfterUse(Observation):
    """``begin()`` on a session that has begun, with the use or the block by which it has. ``node`` is the call."""

    resource: str
    used: Waypoint


@dataclass(frozen=True, eq=False)
class OutlivesScope(Observation):
    """A session of a block or a request that is handed to a task which runs when that has ended.

    ``maker`` makes the task, ``ends`` says what the session's life ends with, ``end`` when: before the response or after.
    """

    resource: str
    maker: str
    ends: Owner
    end: End = "before-response"


Owner = Literal["block", "request"]
"""With what the life of a session ends: the block that has opened it, or the request that it was made for."""

_KEEPS = frozenset({"add", "append", "discard", "remove"})
"""Methods of Python's collections, none of which waits for the tasks in it."""

_NAMES = frozenset({"add_done_callback", "remove_done_callback", "set_name", "get_name"})
"""Methods of asyncio's tasks that do not wait for them; the task is known by what makes it, so its class is no question."""


def observe(ev: Evaluator, holdings: Holdings, scope: Scope) -> Iterator[Observation]:
    """Second beginnings in ``scope``, and tasks that get a session which ends before they do."""
    makes_task = ev.models.words("makes-task")
    for node in scope.calls:
        name = last_name(node.func)
        if name == "begin" and isinstance(node.func, ast.Attribute):
            yield from _begun_twice(ev, holdings, node, scope)
        elif runs_after_response(ev, node, scope):
            yield from _after_response(ev, node, scope)
        elif name in makes_task and node.args:
            yield from _started(ev, node, scope)


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


def _after_response(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``background_tasks.add_task(work, session)``: it runs when the session's block or dependency has ended."""
    for argument in _handed_on(ev, node):
        life = life_of(ev, argument.id, scope) if isinstance(argument, ast.Name) else None
        if life is not None and isinstance(argument, ast.Name):
            yield _outlives(node, scope, argument.id, last_name(node.func), life.ends, life.end)


def _handed_on(ev: Evaluator, node: ast.Call) -> Iterator[ast.expr]:
    """What work gets: the arguments behind the function, those of a ``partial``, the object of a bound method."""
    yield from _bound_to(ev, node.args[0]) if node.args else ()
    if node.args and isinstance(node.args[0], ast.Call) and last_name(node.args[0].func) == "partial":
        yield from _handed_on(ev, node.args[0])
    yield from node.args[1:]
    yield from (one.value for one in node.keywords)


def _bound_to(ev: Evaluator, function: ast.expr) -> Iterator[ast.expr]:
    """The object of a bound method: ``session`` of ``session.execute``; ``session.close`` ends it, and may come late."""
    if isinstance(function, ast.Attribute) and function.attr not in ev.models.words("gives-back", "removes"):
        yield function.value


class Life(NamedTuple):
    """What ends the life of a session or connection, and when: before or after the response."""

    ends: Owner
    end: End
    cls: Class


def life_of(ev: Evaluator, name: str, scope: Scope) -> Life | None:
    """The life of a session or connection, where its end is not the function's own doing."""
    found = _session(ev, ast.Name(name, ast.Load()), scope)
    if found is None:
        return None
    binding, cls = found
    if binding.kind == "with":
        return Life("block", "before-response", cls)
    if binding.kind == "parameter" and is_injected(ev, binding, scope):
        return Life("request", end_of(ev, binding, scope), cls)
    return None


def _started(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``create_task(work(session))`` whose task nobody waits for inside the session's block."""
    work = node.args[0]
    if not isinstance(work, ast.Call) or _is_group(node):
        return
    for argument in [*_bound_to(ev, work.func), *work.args, *(one.value for one in work.keywords)]:
        found = _session(ev, argument, scope)
        if found is None or not isinstance(argument, ast.Name):
            continue
        binding = found[0]
        block = next((one for one in scope.withs if _binds(one, binding) and inside(node, one)), None)
        is_request = block is None and binding.kind == "parameter" and is_injected(ev, binding, scope)
        if (block is not None or is_request) and not _may_be_waited_for(node, scope):
            ends: Owner = "request" if is_request else "block"
            yield _outlives(node, scope, argument.id, last_name(node.func), ends)


def _may_be_waited_for(task: ast.Call, scope: Scope) -> bool:
    """Whether a function does more with a task than to drop it or to keep it from being collected."""
    parent = parent_of(task)
    if isinstance(parent, ast.Expr):
        return False
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        name = parent.targets[0].id
        uses = [one for one in ast.walk(scope.node) if isinstance(one, ast.Name) and one.id == name]
        return any(_is_waiting(one, scope) for one in uses if isinstance(one.ctx, ast.Load))
    return _is_waiting(task, scope)


def _is_waiting(task: ast.expr, scope: Scope) -> bool:
    """Whether one use of a task may be a waiting for it: all but its own methods, and a collection that keeps it."""
    parent = parent_of(task)
    if isinstance(parent, ast.Attribute) and parent.attr in _NAMES:
        return False
    if not isinstance(parent, ast.Call) or not isinstance(parent.func, ast.Attribute) or parent.func.attr not in _KEEPS:
        return True
    keeper = parent.func.value
    if not isinstance(keeper, ast.Name):
        return True  # of an object, whose methods may wait
    uses = [one for one in ast.walk(scope.node) if isinstance(one, ast.Name) and one.id == keeper.id]
    return any(isinstance(one.ctx, ast.Load) and not _is_kept_by(one) for one in uses)


def _is_kept_by(collection: ast.Name) -> bool:
    parent = parent_of(collection)
    return isinstance(parent, ast.Attribute) and parent.attr in _KEEPS


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


def _is_group(node: ast.Call) -> bool:
    """Whether a task belongs to a group, whose block waits for it."""
    function = node.func
    return isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id in ("asyncio", "loop")
    )


DETECTOR = Detector(
    "outliving",
    lambda services: partial(observe, services.evaluator, services.holdings),
)
