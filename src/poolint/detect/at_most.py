"""The most that an expression may come to: how long a pause is that grows with each attempt."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.collected import gone_over
from poolint.types.following import origin
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 8
_MAX_POWER = 64


def at_most(ev: Evaluator, node: ast.expr, scope: Scope, depth: int = 0) -> float | None:
    """The number that an expression is, or that it never exceeds: of sums, products and powers of what is not negative, of what
    a loop over a range counts, of the least of several and of random numbers; None where nobody knows."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.BinOp):
        parts = [at_most(ev, one, scope, depth + 1) for one in (node.left, node.right)]
        return _calculated(node.op, *parts)
    if isinstance(node, ast.Call):
        return _called(ev, node, scope, depth)
    if isinstance(node, ast.Name) and (over := gone_over(node, scope)) is not None:
        return _last_of(ev, over, scope, depth)
    made = origin(ev, node, scope)
    if isinstance(made.node, ast.Constant):
        value = made.node.value
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return at_most(ev, made.node, made.scope, depth + 1) if made.node is not node else None


def _calculated(operator: ast.operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or left < 0 or right < 0:
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Pow) and left >= 1 and right <= _MAX_POWER:
        return float(left**right)
    return None


def _called(ev: Evaluator, call: ast.Call, scope: Scope, depth: int) -> float | None:
    """The most that a function of numbers gives."""
    name = last_name(call.func)
    given = [at_most(ev, one, scope, depth + 1) for one in call.args]
    known = [one for one in given if one is not None]
    if name == "min" and known:
        return min(known)
    if name in ("max", "uniform") and known and len(known) == len(given):
        return max(known)
    return 1.0 if name == "random" and not call.args else None


def _last_of(ev: Evaluator, over: ast.expr, scope: Scope, depth: int) -> float | None:
    """The last number of a range that counts upwards by one."""
    if not (isinstance(over, ast.Call) and last_name(over.func) == "range" and 1 <= len(over.args) <= 2):
        return None
    end = at_most(ev, over.args[-1], scope, depth + 1)
    return end - 1 if end is not None else None
