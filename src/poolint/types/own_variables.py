"""What a call gives of a function with a type variable of its own: ``def make(cls: type[T], session: AsyncSession) -> T``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, last_name
from poolint.types import annotated
from poolint.types.values import UNKNOWN, ClassObject, Function, Type

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def given_for(ev: Evaluator, callee: Function, call: ast.Call, scope: Scope) -> Type:
    """What a variable that a function declares to give stands for in a call: an object of the class that is passed where it
    asks for one, ``type[T]``. ``UNKNOWN`` where it declares none, or the call does not tell."""
    declared = _written(getattr(callee.scope.node, "returns", None))
    if not isinstance(declared, ast.Name):
        return UNKNOWN
    for parameter, place in _parameters(callee):
        wanted = _written(parameter.annotation)
        if not isinstance(wanted, ast.Subscript) or last_name(wanted.value) not in ("type", "Type"):
            continue
        if isinstance(wanted.slice, ast.Name) and wanted.slice.id == declared.id:
            passed = argument_for(call, parameter.arg, place)
            given = ev.type_of(passed, scope) if passed is not None else UNKNOWN
            is_variable = not isinstance(ev.type_of(declared, callee.scope.parent or callee.scope), ClassObject)
            return given.instance() if is_variable and isinstance(given, ClassObject) else UNKNOWN
    return UNKNOWN


def _parameters(callee: Function) -> list[tuple[ast.arg, int]]:
    """The parameters that a call may pass, each with its place, which is negative where it has none."""
    arguments = getattr(callee.scope.node, "args", None)
    if arguments is None:
        return []
    placed = [*arguments.posonlyargs, *arguments.args][callee.receiver is not None :]
    return [*((one, place) for place, one in enumerate(placed)), *((one, -1) for one in arguments.kwonlyargs)]


def _written(annotation: ast.expr | None) -> ast.expr | None:
    return annotated.unquoted(annotation) if isinstance(annotation, ast.Constant) else annotation
