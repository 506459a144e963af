"""What an object gives when it is awaited: a library's by the models, the project's by its ``__await__``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import annotated, generics, modelled
from poolint.types.values import FOREIGN, UNKNOWN, Function, Instance, Type, known
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def of_object(ev: Evaluator, one: Type) -> Type:
    """What ``await`` gives on an object; ``UNKNOWN`` where it cannot be awaited, or nothing tells."""
    if not isinstance(one, Instance):
        return FOREIGN if one is FOREIGN else UNKNOWN
    if one.cls is not one.base:
        method = ev.type_of_member(one, "__await__")
        if isinstance(method, Function) and method.scope.kind != "lambda":
            return ev.once((method.scope, one, "awaited"), _given, ev, method.scope, one)
    expression = one.base.awaits if one.base is not None else ""
    return modelled.type_expression(ev, expression, one) if expression else UNKNOWN


def _given(ev: Evaluator, scope: Scope, receiver: Instance) -> Type:
    """What ``__await__`` gives: the last argument of the ``Generator`` that it is declared to be, or what it returns in the
    end, of which that of another object is what this one gives."""
    found = _declared(ev, scope, receiver)
    return known([_in_the_end(ev, value, scope) for value in scope.returns]) if found is UNKNOWN else found


def _declared(ev: Evaluator, scope: Scope, receiver: Instance) -> Type:
    node, owner = getattr(scope.node, "returns", None), scope.enclosing_class
    if isinstance(node, ast.Constant):
        node = annotated.unquoted(node)
    if not isinstance(node, ast.Subscript) or last_name(node.value) != "Generator" or owner is None:
        return UNKNOWN
    arguments, around = annotated.arguments_of(node), scope.parent or scope
    if len(arguments) != 3:
        return UNKNOWN
    told = generics.in_terms(ev, receiver, owner, arguments[-1], around)
    return annotated.annotation(ev, arguments[-1], around) if told is UNKNOWN else told


def _in_the_end(ev: Evaluator, value: ast.expr, scope: Scope) -> Type:
    if scope.is_generator and not isinstance(value, ast.YieldFrom):
        return ev.type_of(value, scope)
    other = value.value if isinstance(value, ast.YieldFrom) else value
    if isinstance(other, ast.Call) and isinstance(other.func, ast.Attribute) and other.func.attr == "__await__":
        return ev.awaited(ev.type_of(other.func.value, scope))
    return UNKNOWN
