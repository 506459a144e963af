"""Which tests a node of a function is only reached through: of the branches around it, and of what leaves before it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import walk
from poolint.syntax.patterns import as_test, takes_all, tests_of
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def tests_before(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr, bool]]:
    """The tests on the way to a node that have to come out one way, the last first: of what is around it, and of what is
    before it in a block and leaves that otherwise."""
    current = node
    while current is not scope.node and (parent := parent_of(current)) is not None:
        yield from tests_of_parent(current, parent)
        if isinstance(current, ast.stmt):
            for one in reversed(guards_before(current, parent, scope)):
                yield from tests_passed(one)
        current = parent


def tests_of_parent(node: ast.AST, parent: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of what is directly around a node that have come out one way where that is reached, the last first."""
    if isinstance(parent, (ast.If, ast.IfExp, ast.While)) and not _stands_at(node, parent.test):
        orelse = parent.orelse if isinstance(parent.orelse, list) else [parent.orelse]
        yield parent.test, not any(_stands_at(node, one) for one in orelse)
    elif isinstance(parent, ast.BoolOp):
        before = parent.values[: next((at for at, one in enumerate(parent.values) if _stands_at(node, one)), 0)]
        yield from ((one, isinstance(parent.op, ast.And)) for one in reversed(before))
    elif isinstance(parent, ast.match_case) and node is not parent.pattern:
        if parent.guard is not None and node is not parent.guard:
            yield parent.guard, True
        if isinstance(match := parent_of(parent), ast.Match):
            yield from tests_of(parent, match)


def _stands_at(node: ast.AST, one: ast.AST) -> bool:
    """Whether a node is this one of the tree, or stands there: a call made of a property, or of a partial, has its place."""
    if node is one or not isinstance(node, ast.expr) or not isinstance(one, ast.expr):
        return node is one
    return (node.lineno, node.col_offset) == (one.lineno, one.col_offset)


def tests_passed(guard: ast.stmt) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of a statement that have come out one way where what is behind it is reached."""
    if isinstance(guard, ast.Assert):
        yield guard.test, True
    elif isinstance(guard, ast.If):
        yield guard.test, not leaves(guard.body)
    elif isinstance(guard, ast.While):
        yield guard.test, False
    elif isinstance(guard, ast.Match):
        left = [one for one in guard.cases if not leaves(one.body)]
        first = guard.cases.index(left[0]) if left else len(guard.cases)
        for case in reversed(guard.cases[:first]):
            if case.guard is None and (test := as_test(case.pattern)) is not None:
                yield test, False
        last = guard.cases[-1]
        is_one_taken = len(left) == 1 and last.guard is None and takes_all(last.pattern)
        if is_one_taken and (test := as_test(left[0].pattern)) is not None:
            yield test, True


def parts_of(test: ast.expr, holds: bool) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of which one consists that came out like this, as far as each of them must have come out one way."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from parts_of(test.operand, not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        for one in test.values:
            yield from parts_of(one, holds)
    else:
        yield test, holds


def leaves(body: list[ast.stmt]) -> bool:
    """Whether nothing after a block is reached through it."""
    last = body[-1] if body else None
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return leaves(last.body)
    if isinstance(last, ast.If):
        return leaves(last.body) and leaves(last.orelse)
    return isinstance(last, _LEAVES)


def guards_before(statement: ast.stmt, parent: ast.AST, scope: Scope) -> list[ast.stmt]:
    """The statements before this one in its block that may leave it, or that it is not reached through on one outcome of
    their test: ``assert``, ``if`` or ``case`` with ``return``, ``while`` without ``break``. Those of a block are found once."""
    known = index_of(scope).guards
    if statement not in known:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(statement is one for one in block):
                _file_guards(block, known)
    guards, count = known.get(statement, ([], 0))
    return guards[:count]


def _file_guards(block: list[ast.stmt], known: dict[ast.stmt, tuple[list[ast.stmt], int]]) -> None:
    guards: list[ast.stmt] = []
    for one in block:
        known[one] = guards, len(guards)
        if (
            isinstance(one, ast.Assert)
            or (isinstance(one, ast.If) and (leaves(one.body) or leaves(one.orelse)))
            or (isinstance(one, ast.While) and not _is_broken(one))
            or (isinstance(one, ast.Match) and any(leaves(case.body) for case in one.cases))
        ):
            guards.append(one)


def _is_broken(loop: ast.While) -> bool:
    """Whether a loop may be left by ``break``, here or from a loop inside."""
    return any(isinstance(one, ast.Break) for one in walk(loop))


def is_asked(whole: ast.AST, name: str, *, for_itself: bool = True) -> bool:
    """Whether a function or an expression asks for a name before it uses it: ``session or maker()``, ``if session is None``. Not
    ``for_itself``: for something that it has, or whether it is another one, ``if session.in_transaction() or session is not db``,
    since whether it is there at all, the ways say."""
    for node in ast.walk(whole):
        tests = node.values[:-1] if isinstance(node, ast.BoolOp) else []
        if isinstance(node, (ast.If, ast.IfExp, ast.Match)):
            tests = [node.subject if isinstance(node, ast.Match) else node.test]
        names = [one for test in tests for one in ast.walk(test) if isinstance(one, ast.Name) and one.id == name]
        if any(for_itself or _is_asked_more(parent_of(one)) for one in names):
            return True
    return False


def _is_asked_more(parent: ast.AST | None) -> bool:
    """Whether what a name stands in asks for more than whether it is there."""
    if isinstance(parent, ast.Compare):
        return not any(isinstance(one, ast.Constant) for one in parent.comparators)
    return isinstance(parent, (ast.Attribute, ast.Call))
