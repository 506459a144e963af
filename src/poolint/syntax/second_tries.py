"""Whether a place in a function is reached only after something in it has failed: between two attempts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import ABSENT
from poolint.syntax.expressions import last_name, without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import LOOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_after_a_failure(node: ast.AST) -> bool:
    """Whether ``node`` stands in a handler, in a later round of a loop over attempts, behind a ``try`` whose success leaves
    the loop, or, under a condition, before what has been tried is done again."""
    child, current = node, parent_of(node)
    while current is not None and not isinstance(current, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        if isinstance(current, ast.ExceptHandler):
            return True
        if isinstance(child, ast.stmt):
            if isinstance(current, LOOPS) and _has_failed_before(child, current):
                return True
            if isinstance(current, ast.If) and child in current.body and _is_for_later_attempts(current, child):
                return True
        child, current = current, parent_of(current)
    return False


def is_for_a_failure(node: ast.AST) -> bool:
    """Whether ``node`` stands in a handler of what has gone wrong: of anything, or of errors that do not only say that something
    is not there."""
    current = parent_of(node)
    while current is not None and not isinstance(current, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        if isinstance(current, ast.ExceptHandler) and not _misses_something(current):
            return True
        current = parent_of(current)
    return False


def _misses_something(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is not None and last_name(one) in ABSENT for one in caught)


def is_tried(node: ast.AST) -> bool:
    """Whether what fails at ``node`` is caught in its function."""
    child, current = node, parent_of(node)
    while current is not None and not isinstance(current, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        if isinstance(current, ast.Try) and current.handlers and child in current.body:
            return True
        child, current = current, parent_of(current)
    return False


def _has_failed_before(statement: ast.stmt, loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether a statement of a loop stands behind a ``try`` that leaves the loop, or its round, where it comes to its end."""
    if statement not in loop.body:
        return False
    before = loop.body[: loop.body.index(statement)]
    return any(isinstance(one, ast.Try) and one.handlers and _leaves(one.orelse or one.body) for one in before)


_ENDING = (ast.Return, ast.Break)
"""What ends a loop."""


def _leaves(block: list[ast.stmt], by: tuple[type[ast.stmt], ...] = (*_ENDING, ast.Continue)) -> bool:
    """Whether whoever comes to the end of a block leaves the round of the loop around it there, ``by`` one of these."""
    last = block[-1]
    return _leaves(last.body, by) if isinstance(last, (ast.With, ast.AsyncWith)) else isinstance(last, by)


def _is_for_later_attempts(condition: ast.If, statement: ast.stmt) -> bool:
    """Whether a condition holds in later rounds only of a loop that catches what fails in it, or leads to another attempt
    at what has been done before."""
    loop = _loop_of(condition)
    tries = [one for one in getattr(loop, "body", ()) if isinstance(one, ast.Try) and one.handlers]
    if _is_of_later_rounds(condition.test, loop):
        if condition in getattr(loop, "body", ()):
            return any(not isinstance(loop, ast.While) or _leaves(one.orelse or one.body) for one in tries)
        if any(_leaves(one.orelse or one.body, by=_ENDING) for one in tries):
            return True
    again = list(_called(condition.body[condition.body.index(statement) + 1 :]))
    if not again:
        return False
    function = _function_around(condition)
    if function is not None and any(last_name(one.func) == function.name for one in again):
        return any(
            isinstance(one, ast.Try) and one.handlers and one.lineno < condition.lineno for one in _inside(function)
        )
    block = next((one for one in _blocks(parent_of(condition)) if condition in one), [])
    before = {ast.dump(one) for one in _called(block[: block.index(condition)])} if block else set()
    return any(ast.dump(one) in before for one in again if one.args or one.keywords)


def _loop_of(condition: ast.If) -> ast.AST | None:
    """The loop each of whose rounds comes to a condition, as far as nothing has failed in that."""
    child: ast.AST = condition
    current = parent_of(condition)
    while isinstance(current, (ast.Try, ast.With, ast.AsyncWith)) and child in current.body:
        child, current = current, parent_of(current)
    return current if child in getattr(current, "body", ()) else None


def _is_of_later_rounds(test: ast.expr, loop: ast.AST | None) -> bool:
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return _counts_on(test, loop.target)
    return isinstance(loop, ast.While) and _is_counted(test, loop)


def _counts_on(test: ast.expr, target: ast.expr) -> bool:
    """Whether a test holds from the second round on: ``attempt > 0``, ``attempt``."""
    name = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
    return isinstance(name, ast.Name) and _asked_number(test) == name.id


def _asked_number(test: ast.expr) -> str:
    """The name of what a test asks to be more than nothing, or than a constant; empty where it asks for something else."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        is_more = isinstance(test.ops[0], (ast.Gt, ast.GtE, ast.NotEq))
        test = test.left if is_more and isinstance(test.comparators[0], ast.Constant) else test
    return test.id if isinstance(test, ast.Name) else ""


def _is_counted(test: ast.expr, loop: ast.While) -> bool:
    """Whether a test asks for a number that the rounds of a loop add to: ``attempts > 0``."""
    if not _asked_number(test):  # the walk is long where a loop is all that a program does
        return False
    added = (one.target for one in ast.walk(loop) if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add))
    return any(_counts_on(test, one) for one in added)


def _called(block: list[ast.stmt]) -> Iterator[ast.Call]:
    """The calls whose results statements of a block assign, return or drop; not those nested in others."""
    for statement in block:
        value = getattr(statement, "value", None)
        value = without_await(value)
        if isinstance(value, ast.Call):
            yield value


def _blocks(node: ast.AST | None) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield block


def _function_around(node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    current = parent_of(node)
    while current is not None and not isinstance(current, _FUNCTIONS):
        current = parent_of(current)
    return current


def _inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)
