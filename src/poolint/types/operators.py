"""What operators give: one of several values, or what a class says that `|` makes of two."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import foreign, parameters, returns
from poolint.types.values import UNKNOWN, Instance, Pending, Type, alternatives, union

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def given(ev: Evaluator, node: ast.IfExp | ast.BoolOp | ast.BinOp | ast.NamedExpr, scope: Scope) -> Type:
    """What an operation gives."""
    if isinstance(node, ast.IfExp):
        return union([foreign.unless_known(ev, one, scope) for one in (node.body, node.orelse)])
    if isinstance(node, ast.BoolOp):
        return _one_of(ev, node, scope)
    return _joined(ev, node, scope) if isinstance(node, ast.BinOp) else ev.type_of(node.value, scope)


def _one_of(ev: Evaluator, node: ast.BoolOp, scope: Scope) -> Type:
    """What ``a or b`` and ``a and b`` are."""
    types = [ev.type_of(value, scope) for value in node.values]
    if isinstance(node.op, ast.And):
        return types[-1]
    return union([*parameters.kept(node.values, types[:-1], scope), types[-1]])


def _joined(ev: Evaluator, node: ast.BinOp, scope: Scope) -> Type:
    """What ``a | b`` is, as the class of either side says: ``prompt | model | parser`` runs the model; of two containers one
    with the items of both, as ``a + b`` is."""
    if not isinstance(node.op, (ast.BitOr, ast.Add)):
        return UNKNOWN
    both = [ev.type_of(one, scope) for one in (node.left, node.right)]
    if all(isinstance(one, Pending) and one.call == "iterable" for one in both):
        return Pending("iterable", item=union([one.item for one in both if isinstance(one, Pending)]))
    if isinstance(node.op, ast.Add):
        return UNKNOWN
    for operand, method in ((node.left, "__or__"), (node.right, "__ror__")):
        sides = alternatives(ev.type_of(operand, scope))
        if all(isinstance(one, Instance) for one in sides):
            found = union([returns.called(ev, ev.type_of_member(one, method)) for one in sides])
            if found is not UNKNOWN:
                return found
    return UNKNOWN
