"""Tests of the version of Python, where it is known from which version on the code runs: those that can come out in one way
only are put down as what they give, so that no flow leads where no version goes.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Version = tuple[int, int]

_LAST = 60
"""A minor version that is later than any that code asks for."""

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def settle(tree: ast.Module, least: Version) -> None:
    """Put constants in the place of tests in ``tree`` that give the same for all versions from ``least`` on."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            node.test = _settled(node.test, least)
        elif isinstance(node, ast.BoolOp):
            node.values = [_settled(one, least) for one in node.values]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = _settled(node.operand, least)


def _settled(test: ast.expr, least: Version) -> ast.expr:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return test
    compare = _COMPARISONS.get(type(test.ops[0]))
    part = _part(test.left)
    wanted = _literal(test.comparators[0])
    if compare is None or part is None or wanted is None:
        return test
    versions = [(least[0], minor, micro) for minor in range(least[1], _LAST) for micro in (0, _LAST)]
    try:
        given = {compare(part(one), wanted) for one in versions}
    except TypeError:
        return test
    return ast.copy_location(ast.Constant(given.pop()), test) if len(given) == 1 else test


def _part(node: ast.expr) -> Callable[[tuple[int, ...]], object] | None:
    """Which part of a version an expression is: ``sys.version_info``, ``sys.version_info[:2]``, ``[0]`` or ``.major``."""
    if _is_version(node):
        return lambda version: version
    if isinstance(node, ast.Attribute) and node.attr in ("major", "minor") and _is_version(node.value):
        index = ("major", "minor").index(node.attr)
        return lambda version: version[index]
    if not isinstance(node, ast.Subscript) or not _is_version(node.value):
        return None
    if isinstance(node.slice, ast.Slice):
        end = _literal(node.slice.upper) if node.slice.upper is not None else None
        if node.slice.lower is not None or node.slice.step is not None or not isinstance(end, int):
            return None
        return lambda version: version[:end]
    at = _literal(node.slice)
    return (lambda version: version[at]) if isinstance(at, int) and 0 <= at < 2 else None


def _is_version(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "version_info"
    return isinstance(node, ast.Attribute) and node.attr == "version_info" and ast.unparse(node.value) == "sys"


def _literal(node: ast.expr) -> int | tuple[int, ...] | None:
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if not isinstance(node, ast.Tuple):
        return None
    items = [one.value for one in node.elts if isinstance(one, ast.Constant) and type(one.value) is int]
    return tuple(items) if len(items) == len(node.elts) else None
