"""Observations about the life of a session: what begins twice, and what is used when it has ended."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.annotated import is_injected
from poolint.semantics.calls import call_fact, text_of
from poolint.semantics.facts import BeginAfterUse, Observation, OutlivesScope
from poolint.semantics.holding import inside, root_of
from poolint.semantics.observe.common import may_await, step
from poolint.semantics.scopes import parent_of
from poolint.semantics.types import Instance, alternatives
from poolint.semantics.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.holding.flow import Holdings
    from poolint.semantics.scopes import Binding, Scope

_AFTER_RESPONSE = frozenset({"add_task"})
"""Methods that hand work to what runs after the response."""

_STARTS = frozenset({"create_task", "ensure_future"})


def observe(ev: Evaluator, holdings: Holdings, scope: Scope) -> Iterator[Observation]:
    """Second beginnings in ``scope``, and tasks that get a session which ends before they do."""
    for node in scope.calls:
        name = last_name(node.func)
        if name == "begin" and isinstance(node.func, ast.Attribute):
            yield from _begun_twice(ev, holdings, node, scope)
        elif name in _AFTER_RESPONSE and isinstance(node.func, ast.Attribute):
            yield from _after_response(ev, node, scope)
        elif name in _STARTS and node.args:
            yield from _started(ev, node, scope)


def _begun_twice(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    fact, root = call_fact(ev, node, scope), root_of(node)
    if fact is None or fact.cls is None or fact.cls.kind != "session" or fact.role != "begin" or root is None:
        return
    resource = text_of(root, scope)
    for hold in holdings.at(node, scope):
        if hold.resource == resource and hold.header is None and hold.is_sure:
            used = step(f"`{text_of(hold.since, scope)}` begins a transaction by itself", hold.since, scope.module)
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return


def _after_response(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``background_tasks.add_task(work, session)``: it runs when the session's block or dependency has ended."""
    for argument in [*node.args[1:], *(one.value for one in node.keywords)]:
        ends = life_of(ev, argument.id, scope) if isinstance(argument, ast.Name) else ""
        if ends and isinstance(argument, ast.Name):
            yield _outlives(node, scope, argument.id, "add_task", ends)


def life_of(ev: Evaluator, name: str, scope: Scope) -> str:
    """What ends the life of a session or connection, in words, where it is not the function's own doing; else empty."""
    binding = _session(ev, ast.Name(name, ast.Load()), scope)
    if binding is None:
        return ""
    if binding.kind == "with":
        return "its block"
    return "the request" if binding.kind == "parameter" and is_injected(ev, binding, scope) else ""


def _started(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``create_task(work(session))`` whose task nobody waits for inside the session's block."""
    parent = parent_of(node)
    work = node.args[0]
    if not isinstance(parent, ast.Expr) or not isinstance(work, ast.Call) or _is_group(node):
        return
    for argument in [*work.args, *(one.value for one in work.keywords)]:
        binding = _session(ev, argument, scope)
        if binding is None or not isinstance(argument, ast.Name):
            continue
        block = next((one for one in scope.withs if _binds(one, binding) and inside(node, one)), None)
        if block is not None:
            yield _outlives(node, scope, argument.id, last_name(node.func), "its block")
        elif binding.kind == "parameter" and is_injected(ev, binding, scope):
            yield _outlives(node, scope, argument.id, last_name(node.func), "the request")


def _outlives(node: ast.Call, scope: Scope, resource: str, maker: str, ends: str) -> OutlivesScope:
    return OutlivesScope(node, scope.qualified_name, may_await(node, scope), resource, maker, ends)


def _session(ev: Evaluator, node: ast.expr, scope: Scope) -> Binding | None:
    """The only binding of a name that is a session or a connection."""
    if not isinstance(node, ast.Name):
        return None
    bindings = [one for one in scope.bindings.get(node.id, ()) if one.kind != "narrowed"]
    if len(bindings) != 1:
        return None
    for one in alternatives(ev.scope_name(node.id, scope)):
        if isinstance(one, Instance) and one.base is not None and one.base.kind in ("session", "connection"):
            return bindings[0]
    return None


def _binds(statement: ast.With | ast.AsyncWith, binding: Binding) -> bool:
    return any(item.context_expr is binding.value for item in statement.items)


def _is_group(node: ast.Call) -> bool:
    """Whether a task belongs to a group, whose block waits for it."""
    function = node.func
    return isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id in ("asyncio", "loop")
    )
