"""Choices between several objects that a call is made on: ``(given or database).fetch(query)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.assumed import truth
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def left_of(choice: ast.BoolOp | ast.IfExp, scope: Scope, fixed: Known) -> list[ast.expr]:
    """The operands that a choice between several may come to, for what is known of parameters."""
    values = dict(fixed)
    if isinstance(choice, ast.IfExp):
        outcome = truth(choice.test, values, scope)
        return [one for one, on in ((choice.body, True), (choice.orelse, False)) if outcome in (on, None)]
    found: list[ast.expr] = []
    ends = isinstance(choice.op, ast.Or)
    for one in choice.values:
        outcome = truth(one, values, scope)
        if outcome is not (not ends) or one is choice.values[-1]:
            found.append(one)
        if outcome is ends:
            break
    return found


def alternatives_running(ev: Evaluator, call: ast.Call, method: Scope, scope: Scope) -> list[ast.expr]:
    """What a call is made on where it runs this method: of a choice between several objects those that have it."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, (ast.BoolOp, ast.IfExp)) or not isinstance(call.func, ast.Attribute):
        return [owner] if owner is not None else []
    found = []
    for one in left_of(owner, scope, ()):
        methods = (ev.type_of_member(each, call.func.attr) for each in alternatives(ev.type_of(one, scope)))
        if any(isinstance(each, Function) and each.scope is method for each in methods):
            found.append(one)
    return found
