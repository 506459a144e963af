"""Whether a function sleeps until a moment, rather than for a time: what keeps to a rate, and often does not sleep at all."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import CLOCKS
from poolint.syntax.expressions import last_name
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_STEPS = 3
"""Variables that a duration goes through."""


def is_until_a_moment(sleep: ast.Call) -> bool:
    """Whether the duration of a call that sleeps is what is left until a moment: a difference with what a clock says."""
    function: ast.AST | None = parent_of(sleep)
    while function is not None and not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        function = parent_of(function)
    return function is not None and any(_is_rest(one, function, _MAX_STEPS) for one in sleep.args[:1])


def _is_rest(node: ast.expr, function: ast.AST, steps: int) -> bool:
    inside = list(ast.walk(node))
    is_difference = any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub) for one in inside)
    if is_difference and _reads_a_clock(node, function, steps):
        return True
    return bool(steps) and any(_is_rest(one, function, steps - 1) for one in _values(inside, function))


def _reads_a_clock(node: ast.expr, function: ast.AST, steps: int) -> bool:
    inside = list(ast.walk(node))
    if any(isinstance(one, ast.Call) and last_name(one.func) in CLOCKS for one in inside):
        return True
    return bool(steps) and any(_reads_a_clock(one, function, steps - 1) for one in _values(inside, function))


def _values(nodes: list[ast.AST], function: ast.AST) -> Iterator[ast.expr]:
    """What the variables among some nodes are assigned in a function."""
    names = {one.id for one in nodes if isinstance(one, ast.Name)}
    for one in ast.walk(function) if names else ():
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.NamedExpr) else []
        if any(isinstance(each, ast.Name) and each.id in names for each in targets):
            assert isinstance(one, (ast.Assign, ast.NamedExpr))
            yield one.value
