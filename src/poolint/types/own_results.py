"""Methods that give the object back that they are called on, so that others can be called on what they give."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import without_await
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def object_behind(ev: Evaluator, node: ast.expr | None, scope: Scope) -> ast.expr | None:
    """The object that an expression is: behind methods that give back their own it is still that which the first is called on,
    ``orders`` of ``orders.of(customer).newest_first()``; anything else is itself."""
    while (
        node is not None and isinstance(made := without_await(node), ast.Call) and isinstance(made.func, ast.Attribute)
    ):
        called = callees_of(ev, made, scope)
        if not called or not all(isinstance(one, Function) and _gives_its_own(one.scope) for one in called):
            break
        node = made.func.value
    return node


def _gives_its_own(method: Scope) -> bool:
    """Whether a method gives nothing but the object that it is called on, whatever it does."""
    first = method.first_parameter if method.enclosing_class is not None and not method.is_generator else None
    returned = {one.id if isinstance(one, ast.Name) else "" for one in method.returns}
    return first is not None and returned == {first.arg}
