"""Whether a handler that takes a cancellation goes on, or lets it go further, keeps it for later, or ends its task."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.solver import edges_from, reach
from poolint.syntax.nodes import INNER, walk, walk_own
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import LOOPS, around, block_of, loops_around
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.flow.cfg import Graph
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 4
"""Functions that await each other, up to a loop."""

_LEAVING = (ast.Return, ast.Break, ast.Raise)
"""What a loop may end by, when it asks how a round came out."""


def goes_on(ev: Evaluator, handler: ast.ExceptHandler, statement: ast.Try, scope: Scope, *, is_named: bool) -> bool:
    """Whether the function goes on, or ends as if nothing had happened.

    ``is_named``: the handler names the cancellation itself, so that whoever wrote it knows of it. Then it is only reported
    where a loop goes on in spite of it, here or where the function is called.
    """
    models = ev.models
    inside = list(walk_own(handler.body))
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
        return not leaves_after(models, statement, scope) and looping_caller(ev, scope) is not None
    if loop is not None:
        return False  # the task ends with it
    return not _is_last_resort(statement, scope)


def looping_caller(ev: Evaluator, scope: Scope) -> Scope | None:
    """The function of the project whose loop goes on when a coroutine function has returned, which it awaits in each round; or
    that of one which awaits it."""
    return ev.derived(_LoopingCallers).of(scope)


class _LoopingCallers:
    """Finds the loops that functions are awaited in, by whatever others. One for each evaluator: many functions have the same
    callers, and each is looked at once."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._answers: dict[Scope, Scope | None] = {}
        self._callers: dict[Scope, tuple[Scope | None, list[Scope]]] = {}

    def of(self, scope: Scope) -> Scope | None:
        """The nearest function with such a loop."""
        if scope not in self._answers:
            self._answers[scope] = self._nearest(scope)
        return self._answers[scope]

    def _nearest(self, scope: Scope) -> Scope | None:
        seen, reached = {scope}, [scope]
        for _ in range(_MAX_DEPTH):
            further: list[Scope] = []
            for one in reached:
                looping, others = self._around(one)
                if looping is not None:
                    return looping
                further += [each for each in dict.fromkeys(others) if each not in seen]
                seen.update(further)
            reached = further
        return None

    def _around(self, scope: Scope) -> tuple[Scope | None, list[Scope]]:
        """The first function whose loop goes on after a call of this one, and those that end after it as if nothing had
        happened."""
        known = self._callers.get(scope)
        if known is None:
            known = self._callers[scope] = self._looked_at(scope)
        return known

    def _looked_at(self, scope: Scope) -> tuple[Scope | None, list[Scope]]:
        models, others = self._ev.models, []
        for call, inner in self._ev.callers.of(scope):
            awaited = parent_of(call)
            if not isinstance(awaited, ast.Await) or inner is scope or ends_tasks(inner) or _is_used(models, awaited):
                continue
            loops = loops_around(call)
            if not loops and not leaves_after(models, awaited, inner):
                others.append(inner)
            elif loops and not any(_may_end(models, one) for one in loops):
                return inner, []
        return None, others


def _is_used(models: Models, awaited: ast.Await) -> bool:
    """Whether a function asks for what has come of a call, and so how it came out: it neither drops that nor logs it, nor
    hands it on to who calls it, who is asked in turn."""
    parent = parent_of(awaited)
    while isinstance(parent, (ast.FormattedValue, ast.JoinedStr, ast.keyword)):
        parent = parent_of(parent)
    if isinstance(parent, ast.Call):
        is_told = last_name(parent.func) in models.words("logs", "reports")
        return not is_told or not isinstance(parent_of(parent), ast.Expr)
    return not isinstance(parent, (ast.Expr, ast.Return))


def _may_end(models: Models, loop: ast.AST) -> bool:
    """Whether a loop may come to an end by what a round has done: it asks for something each time, or is left from within."""
    if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant):
        return True
    return any(isinstance(one, _LEAVING) or _ends_all(models, one) for one in walk_own([loop]))


def leaves_after(models: Models, node: ast.AST, scope: Scope) -> bool:
    """Whether a function may raise, or end the program, behind a place that it has come through: what is raised for something
    else that fails there is left aside."""
    behind = walk_own(_behind(statement_of(node), scope), (*INNER, ast.ExceptHandler))
    return any(isinstance(one, ast.Raise) or _ends_all(models, one) for one in behind)


def _behind(statement: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """The statements behind one in its block, and behind each that it stands in."""
    current: ast.AST | None = statement
    while current is not None and current is not scope.node:
        parent = parent_of(current)
        if isinstance(current, ast.stmt) and (block := block_of(current)):
            yield from block[block.index(current) + 1 :]
        if isinstance(parent, ast.Try) and current not in parent.finalbody:
            yield from (*(parent.orelse if current in parent.body else ()), *parent.finalbody)
        current = parent


def _ends_all(models: Models, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in models.words("ends-process", "never-returns")


def ends_tasks(scope: Scope) -> bool:
    """Whether a function cancels a task itself, or takes back that it is cancelled."""
    return any(last_name(one.func) in ("cancel", "uncancel") for one in scope.calls)


def answers_at_once(handler: ast.ExceptHandler, graph: Graph) -> bool:
    """Whether a function awaits nothing more once it has come to a handler."""
    begun = [event for statement in handler.body for one in walk(statement) for event in graph.nodes_of(one)]
    return not any(one.kind == "await" or one.is_async for one in (*begun, *reach(edges_from(begun))))


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
            return any(isinstance(one, ast.Raise) for one in walk_own([*statement.finalbody, *after]))
    return False


def _is_last_resort(statement: ast.Try, scope: Scope) -> bool:
    """Whether the function is a program's, or a loop that a task runs and that ends with the handler."""
    if scope.name in ("main", "_main", "amain", "async_main", "__aexit__", "__del__"):
        return True
    return any(isinstance(one, (ast.While, ast.AsyncFor)) for one in walk_own(statement.body))
