"""Whether a handler that takes a cancellation goes on, or lets it go further, keeps it for later, or ends its task."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.solver import edges_from, reach
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import LOOPS, around, loops_around
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.flow.cfg import Graph
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 4
"""Functions that await each other, up to a loop."""

_LEAVING = (ast.Return, ast.Break, ast.Raise)
"""What a loop may end by, when it asks how a round came out."""

_INSIDE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def goes_on(ev: Evaluator, handler: ast.ExceptHandler, statement: ast.Try, scope: Scope, *, is_named: bool) -> bool:
    """Whether the function goes on, or ends as if nothing had happened.

    ``is_named``: the handler names the cancellation itself, so that whoever wrote it knows of it. Then it is only reported
    where a loop goes on in spite of it, here or where the function is called.
    """
    models = ev.models
    inside = list(_inside(handler.body))
    if any(isinstance(one, ast.Raise) for one in inside):
        return False
    if any(isinstance(one, ast.Call) and last_name(one.func) in models.words("fails") for one in inside):
        return False
    if handler.name is not None and any(
        isinstance(one, ast.Name) and one.id == handler.name and not _is_told(models, one) for one in inside
    ):
        return False
    if _raises_after(statement):
        return False
    loop = around(statement, scope, LOOPS)
    leaves = any(isinstance(one, (ast.Return, ast.Break)) for one in inside)
    if loop is not None and not leaves:
        return True
    if is_named and loop is None:
        return looping_caller(ev, scope) is not None
    if loop is not None:
        return False  # the task ends with it
    return not _is_last_resort(statement, scope)


def looping_caller(ev: Evaluator, scope: Scope, depth: int = _MAX_DEPTH) -> Scope | None:
    """The function of the project whose loop goes on when a coroutine function has returned, which it awaits in each round; or
    that of one which awaits it."""
    for call, inner in ev.callers.of(scope) if depth else ():
        if not isinstance(parent_of(call), ast.Await) or inner is scope or _ends_tasks(inner):
            continue
        loops = loops_around(call)
        if not loops and (above := looping_caller(ev, inner, depth - 1)) is not None:
            return above
        if loops and not any(isinstance(one, _LEAVING) for one in _inside(loops)):
            return inner
    return None


def _ends_tasks(scope: Scope) -> bool:
    """Whether a function cancels a task itself, or takes back that it is cancelled."""
    return any(last_name(one.func) in ("cancel", "uncancel") for one in scope.calls)


def answers_at_once(handler: ast.ExceptHandler, graph: Graph) -> bool:
    """Whether a function awaits nothing more once it has come to a handler."""
    begun = [event for statement in handler.body for one in walk(statement) for event in graph.nodes_of(one)]
    return not any(one.kind == "await" or one.is_async for one in (*begun, *reach(edges_from(begun))))


def _inside(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if not isinstance(node, _INSIDE):
            yield node
            stack.extend(ast.iter_child_nodes(node))


def _is_told(models: Models, name: ast.Name) -> bool:
    """Whether an exception is only written somewhere, not kept."""
    current, parent = name, parent_of(name)
    node: ast.AST = current
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Call) and node is not parent.func:
            return last_name(parent.func) in models.words("logs", "reports")
        if isinstance(parent, (ast.JoinedStr, ast.Compare)):
            return True
        node, parent = parent, parent_of(parent)
    return False


def _raises_after(statement: ast.Try) -> bool:
    """Whether the statements behind, in the same block, or its ``finally``, raise: what was kept is raised there."""
    owner = parent_of(statement)
    for field in ("body", "orelse", "finalbody", "handlers"):
        items = getattr(owner, field, None)
        if isinstance(items, list) and any(one is statement for one in items):
            after = items[next(index for index, one in enumerate(items) if one is statement) + 1 :]
            return any(isinstance(one, ast.Raise) for one in _inside([*statement.finalbody, *after]))
    return False


def _is_last_resort(statement: ast.Try, scope: Scope) -> bool:
    """Whether the function is a program's, or a loop that a task runs and that ends with the handler."""
    if scope.name in ("main", "_main", "amain", "async_main", "__aexit__", "__del__"):
        return True
    return any(isinstance(one, (ast.While, ast.AsyncFor)) for one in _inside(statement.body))
