"""Tasks and futures that a function awaits: it waits for what others have started, where it is given them, or for what it
has started itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.driven import kept_as
from poolint.analyses.implicit_calls import Implied, effective
from poolint.analyses.submitted import Work
from poolint.models.schema import HANDLES
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_HANDED = (ast.Starred, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp, ast.IfExp)
_ENDING = frozenset({"cancel", "done"})
"""Methods by which a function makes a task end, or sees that it has: then there is little left to wait for."""


def awaited(ev: Evaluator, scope: Scope) -> Iterator[Implied]:
    """Where a function awaits a task or a future that it is passed: ``await task``, ``await asyncio.gather(task)``."""
    for name, bindings in scope.bindings.items() if scope.is_async else ():
        if len(bindings) != 1 or bindings[0].kind != "parameter" or bindings[0].annotation is None:
            continue
        loads = scope.loads.get(name, ())
        found = [one for load in loads if (one := _waiting(ev, load)) is not None]
        if found and not any(map(_ends, loads)):
            for load, node in found:
                for fact in effective(ev, load, "__await__", scope):
                    said = last_name(node.func) if isinstance(node, ast.Call) else text_of(_around(node), scope)
                    yield Implied(node, said, fact)


def started(ev: Evaluator, scope: Scope) -> Iterator[tuple[ast.expr, Work]]:
    """Where a function awaits a task that it has made, by whatever stands for that, and what the task runs. One that gets a
    session or a connection works on that, as its own function shows."""
    for call in scope.calls_named(ev.models.words("makes-task")) if scope.is_async else ():
        made = call.args[0] if call.args else None
        if isinstance(made, ast.Call) and not any(_is_handle(ev, one, scope) for one in _given(made)):
            for node in _waits(ev, call, scope):
                if not _says_so(ev, node, scope):
                    yield node, Work(made.func, made.args, made.keywords)


def _says_so(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether what is awaited waits by itself, as the models say: ``asyncio.wait(tasks)``."""
    fact = call_site(ev, node, scope, use_evidence=False) if isinstance(node, ast.Call) else None
    return fact is not None and fact.row is not None and bool(fact.row.effect)


def _given(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (one.value for one in call.keywords)


def _is_handle(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    found = alternatives(ev.type_of(node, scope))
    return any(isinstance(one, Instance) and one.base is not None and one.base.kind in HANDLES for one in found)


def _waits(ev: Evaluator, task: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """What stands where a task is awaited: itself, a name that it, or a collection with it, is kept under, or a call."""
    node, parent = _outermost(ev, task)
    if isinstance(parent, ast.Await):
        yield node
    elif name := kept_as(node, parent):
        loads = scope.loads.get(name, ())
        if not any(map(_ends, loads)):
            for node, parent in (_outermost(ev, one) for one in loads):
                if isinstance(parent, ast.Await):
                    yield node


def _outermost(ev: Evaluator, node: ast.expr) -> tuple[ast.expr, ast.AST | None]:
    """The widest expression that is awaited in the place of one, ``asyncio.wait_for(asyncio.shield(task), 30)``, or that is a
    collection with it, and what stands around that."""
    waiting = ev.models.words("at-once", "shields", "limits-awaited")
    parent = parent_of(node)
    while isinstance(parent, _HANDED) or (
        isinstance(parent, ast.Call) and node is not parent.func and last_name(parent.func) in waiting
    ):
        node, parent = parent, parent_of(parent)
    return node, parent


def _around(node: ast.expr) -> ast.expr:
    parent = parent_of(node)
    return parent if isinstance(parent, ast.Await) else node


def _ends(load: ast.Name) -> bool:
    parent = parent_of(load)
    return isinstance(parent, ast.Attribute) and parent.attr in _ENDING


def _waiting(ev: Evaluator, load: ast.Name) -> tuple[ast.Name, ast.expr] | None:
    """A name, and itself where it is awaited, or the call that is in its place."""
    parent = parent_of(load)
    if isinstance(parent, ast.Await):
        return load, load
    if not isinstance(parent, ast.Call) or load is parent.func or not isinstance(parent_of(parent), ast.Await):
        return None
    return (load, parent) if last_name(parent.func) in ev.models.words("at-once", "shields") else None
