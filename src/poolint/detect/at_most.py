"""The most that an expression may come to: how long a pause is that grows with each attempt."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.collected import gone_over
from poolint.models.standard import SECONDS
from poolint.types.following import origin
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 8
_MAX_NUMBER = 1e12
_MAX_BASE = 1_000
_MAX_POWER = 64
"""Numbers and powers that are worked out: larger ones are no seconds, and may be no float."""


def at_most(ev: Evaluator, node: ast.expr, scope: Scope, depth: int = 0) -> float | None:
    """The number that an expression is, or that it never exceeds: of sums, products and powers of what is not negative, of what
    a loop over a range counts, and of the least or the most of several; None where nobody knows."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.BinOp):
        parts = [at_most(ev, one, scope, depth + 1) for one in (node.left, node.right)]
        return _calculated(node.op, *parts)
    if isinstance(node, ast.Call):
        return _called(ev, node, scope, depth)
    if isinstance(node, ast.Attribute) and node.attr == "seconds":
        return _seconds(ev, node.value, scope, depth)
    if isinstance(node, ast.Name) and (over := gone_over(node, scope)) is not None:
        return _last_of(ev, over, scope, depth)
    made = origin(ev, node, scope)
    if isinstance(made.node, ast.Constant):
        value = made.node.value
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return None
        return float(value) if abs(value) <= _MAX_NUMBER else None
    return at_most(ev, made.node, made.scope, depth + 1) if made.node is not node else None


def _calculated(operator: ast.operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or left < 0 or right < 0:
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Pow) and 1 <= left <= _MAX_BASE and right <= _MAX_POWER:
        return float(left**right)
    return None


def _called(ev: Evaluator, call: ast.Call, scope: Scope, depth: int) -> float | None:
    """The most that ``min`` or ``max`` gives, or a time has in seconds."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "total_seconds":
        return _seconds(ev, call.func.value, scope, depth)
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = [at_most(ev, one, scope, depth + 1) for one in call.args]
    known = [one for one in given if one is not None]
    if name == "min" and known:
        return min(known)
    return max(known) if name == "max" and known and len(known) == len(given) else None


def _seconds(ev: Evaluator, node: ast.expr, scope: Scope, depth: int) -> float | None:
    """How long a ``timedelta`` is that is made of numbers."""
    made = origin(ev, node, scope)
    if not (isinstance(made.node, ast.Call) and last_name(made.node.func) == "timedelta"):
        return None
    given = [*zip(SECONDS, made.node.args, strict=False), *((one.arg, one.value) for one in made.node.keywords)]
    total = 0.0
    for unit, value in given:
        number = at_most(ev, value, made.scope, depth + 1)
        if number is None or unit not in SECONDS:
            return None
        total += number * SECONDS[unit]
    return total


def _last_of(ev: Evaluator, over: ast.expr, scope: Scope, depth: int) -> float | None:
    """The last number of a range that counts upwards by one."""
    if not (isinstance(over, ast.Call) and last_name(over.func) == "range" and 1 <= len(over.args) <= 2):
        return None
    end = at_most(ev, over.args[-1], scope, depth + 1)
    return end - 1 if end is not None else None
