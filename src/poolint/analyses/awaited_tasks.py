"""Tasks and futures that a function awaits: it waits for what others have started, where it is given them, or for what it
has started itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.driven import kept_as
from poolint.analyses.graphs import BlockEnd
from poolint.analyses.implicit_calls import Implied, effective
from poolint.analyses.submitted import Work
from poolint.flow.flags import name_of
from poolint.models.schema import HANDLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside, start_of, with_await
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_HANDED = (ast.Starred, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp, ast.IfExp)
_LETTING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
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
                    said = last_name(node.func) if isinstance(node, ast.Call) else text_of(with_await(node), scope)
                    yield Implied(node, said, fact)


def started(ev: Evaluator, scope: Scope) -> Iterator[tuple[ast.expr, Work]]:
    """Where a function awaits a task that it has made, by whatever stands for that, or leaves the block of the group that it has
    given one to, and what the task runs. One that gets a session or a connection works on that, as its own function shows."""
    for call in scope.calls_named(ev.models.words("makes-task", "starts")) if scope.is_async else ():
        work = _work(call)
        if work is None or any(_is_handle(ev, one, scope) for one in _given(work)):
            continue
        waits = list(_waits(ev, call, scope))
        group = None if waits else _group(call, scope)
        for node in waits if group is None else [BlockEnd.of(group)]:
            if not _says_so(ev, node, scope):
                yield node, work


def is_left_to_itself(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether a task is made of a coroutine on the spot that the function neither awaits nor gives to a group."""
    task = parent_of(made)
    if not isinstance(task, ast.Call) or made is task.func or last_name(task.func) not in ev.models.words("makes-task"):
        return False
    return next(_waits(ev, task, scope), None) is None and _group(task, scope) is None


def is_waited_for(ev: Evaluator, task: ast.Call, scope: Scope) -> bool:
    """Whether a function awaits a task that it makes before it comes to anything else that lets others run: it is as if it had
    awaited what that runs."""
    if isinstance(parent_of(task), ast.Await):
        return True
    waits = list(_waits(ev, task, scope))
    behind = [one for one in ast.walk(scope.node) if isinstance(one, _LETTING) and start_of(one) > start_of(task)]
    first = min(behind, key=start_of, default=None)
    ends = ev.models.words("shields", "limits-awaited", "at-once")  # what only waits for a while does not end it
    what = first.value if isinstance(first, ast.Await) else None
    is_to_its_end = not isinstance(what, ast.Call) or last_name(what.func) in ends
    return first is not None and is_to_its_end and any(is_inside(one, first) for one in waits)


def _work(call: ast.Call) -> Work | None:
    """What a task runs: a coroutine, ``create_task(work(order))``, or a function, ``start_soon(work, order)``."""
    made = call.args[0] if call.args else None
    if isinstance(made, ast.Call):
        return Work(made.func, made.args, made.keywords)
    return Work(made, call.args[1:], []) if isinstance(made, (ast.Name, ast.Attribute)) else None


def _group(call: ast.Call, scope: Scope) -> ast.withitem | None:
    """The item of the block around a call that binds the group which the call gives a task to: leaving the block waits."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name):
        return None
    for statement in scope.withs:
        if isinstance(statement, ast.AsyncWith) and is_inside(call, statement):
            for item in statement.items:
                if item.optional_vars is not None and name_of(item.optional_vars) == owner.id:
                    return item
    return None


def _says_so(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether what is awaited waits by itself, as the models say: ``asyncio.wait(tasks)``."""
    fact = call_site(ev, node, scope, use_evidence=False) if isinstance(node, ast.Call) else None
    return fact is not None and fact.row is not None and bool(fact.row.effect)


def _given(work: Work) -> Iterator[ast.expr]:
    """What a task gets, and what coroutines get that it is passed: ``limited(load(session))``."""
    for given in (*work.given, *(one.value for one in work.keywords)):
        yield from (one for one in ast.walk(given) if isinstance(one, (ast.Name, ast.Attribute)))


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
