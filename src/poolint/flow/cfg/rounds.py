"""The last round of a loop over a range: one that counts attempts often leaves there, and is never exhausted.

``for attempt in range(3):`` whose body returns, or fails and says ``if attempt == 2: raise``, goes on behind the loop only
where the range is empty, which nobody means. What is seen is what the text shows: the target is bound by the loop alone, and
the test compares it with the bound of the range, or a constant away from it.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from poolint.syntax.nodes import captured_name

_LEAVES = (ast.Return, ast.Raise, ast.Break)
_BLOCKS: dict[type[ast.stmt], tuple[str, ...]] = {
    ast.With: ("body",), ast.AsyncWith: ("body",), ast.For: ("orelse",), ast.AsyncFor: ("orelse",), ast.While: ("orelse",)
}  # fmt: skip
"""The blocks of other statements in which a ``continue`` is one of the loop around."""
_COMPARED: dict[type[ast.cmpop], tuple[int, ...]] = {
    ast.Eq: (0,), ast.NotEq: (-1, 1), ast.Lt: (-1,), ast.LtE: (-1, 0), ast.Gt: (1,), ast.GtE: (0, 1)
}  # fmt: skip
"""For each operator the signs of the difference of both sides with which it holds."""


class _Ways(NamedTuple):
    """Whether what stands behind a statement may be reached through it, and whether it may begin the next round."""

    falls: bool
    is_continued: bool


class _Linear(NamedTuple):
    """An expression, as written, and what is added to it; a number alone has no expression."""

    base: str
    offset: int


def leaves_in_last_round(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop over a range, which has a round, is left in the last one, whatever comes in it."""
    target, called = loop.target, loop.iter
    if not isinstance(target, ast.Name) or not isinstance(called, ast.Call) or not isinstance(called.func, ast.Name):
        return False
    if called.func.id != "range" or called.keywords or not 1 <= len(called.args) <= 2:
        return False
    stop = _linear(called.args[-1])
    if stop is None or any(_binds(one, target.id) for statement in loop.body for one in ast.walk(statement)):
        return False
    return not _goes_on(loop.body, target.id, stop._replace(offset=stop.offset - 1))


def _goes_on(block: list[ast.stmt], counter: str, last: _Linear) -> bool:
    """Whether the next round may be reached through the body of a loop in its last one."""
    return _block(block, counter, last) != _Ways(False, False)


def _block(block: list[ast.stmt], counter: str, last: _Linear) -> _Ways:
    is_continued = False
    for one in block:
        found = _statement(one, counter, last)
        is_continued = is_continued or found.is_continued
        if not found.falls:
            return _Ways(False, is_continued)
    return _Ways(True, is_continued)


def _statement(statement: ast.stmt, counter: str, last: _Linear) -> _Ways:
    if isinstance(statement, _LEAVES):
        return _Ways(False, False)
    if isinstance(statement, ast.Continue):
        return _Ways(False, True)
    if isinstance(statement, ast.If):
        outcome = _holds(statement.test, counter, last)
        blocks = [one for one, of in ((statement.body, True), (statement.orelse, False)) if outcome in (of, None)]
        return _any([_block(one, counter, last) for one in blocks])
    if isinstance(statement, ast.Try):
        blocks = [[*statement.body, *statement.orelse], *(one.body for one in statement.handlers)]
        tried = _any([_block(one, counter, last) for one in blocks])
        at_last = _block(statement.finalbody, counter, last)
        return _Ways(tried.falls and at_last.falls, tried.is_continued or at_last.is_continued)
    # A block may suppress what is raised in it, and a loop have no round.
    inner = [one for name in _BLOCKS.get(type(statement), ()) for one in getattr(statement, name)]
    if isinstance(statement, ast.Match):
        inner = [one for case in statement.cases for one in case.body]
    return _Ways(True, any(_statement(one, counter, last).is_continued for one in inner))


def _any(ways: list[_Ways]) -> _Ways:
    return _Ways(any(one.falls for one in ways), any(one.is_continued for one in ways))


def _holds(test: ast.expr, counter: str, last: _Linear) -> bool | None:
    """How a test comes out in the last round; None where that is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _holds(test.operand, counter, last)
        return None if inner is None else not inner
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right = _linear(test.left), _linear(test.comparators[0])
    signs = _COMPARED.get(type(test.ops[0]))
    if (
        left is None
        or right is None
        or signs is None
        or left.base == right.base
        or counter not in (left.base, right.base)
    ):
        return None
    is_left = left.base == counter
    own, other = (left, right) if is_left else (right, left)
    if other.base != last.base:
        return None
    difference = last.offset + own.offset - other.offset
    difference = difference if is_left else -difference
    return (difference > 0) - (difference < 0) in signs


def _linear(node: ast.expr) -> _Linear | None:
    """An expression as something and a number; None for what a call gives, which may be another thing each time."""
    if isinstance(node, ast.Constant):
        return _Linear("", node.value) if type(node.value) is int else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        left, right = _linear(node.left), _linear(node.right)
        if left is None or right is None or right.base:
            return None
        return left._replace(offset=left.offset + (right.offset if isinstance(node.op, ast.Add) else -right.offset))
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _linear(node.value) is not None):
        return _Linear(ast.unparse(node), 0)
    return None


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.pattern):
        return captured_name(node) == name
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
