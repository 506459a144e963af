"""What a parameter is that a method leaves undeclared, where a method that it overrides declares it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import annotated, generics
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, Type

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def declared(ev: Evaluator, node: ast.arg, scope: Scope) -> Type:
    """What the nearest class above says of the parameter of the same name in the method that this one overrides: whoever
    calls that one may have this one before it. Only asked in files that the screen finds interesting."""
    owner = scope.enclosing_class
    if owner is None or not getattr(owner.node, "bases", ()):
        return UNKNOWN
    source = scope.module.source
    if not ev.screen.is_interesting(source.path, source.data):
        return UNKNOWN
    own = ev.class_object(owner).instance()
    for base in lineage(ev, own)[1:]:
        annotation = _annotation(base, scope.name, node.arg)
        if annotation is not None:
            told = generics.in_terms(ev, own, base, annotation, base)
            return annotated.annotation(ev, annotation, base) if told is UNKNOWN else told
    return UNKNOWN


def _annotation(cls: Scope, method: str, name: str) -> ast.expr | None:
    """The annotation of a parameter of a method that a class defines itself."""
    bindings = cls.bindings.get(method)
    function = bindings[-1].scope if bindings else None
    arguments = getattr(function.node, "args", None) if function is not None else None
    if not isinstance(arguments, ast.arguments):
        return None
    parameters = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return next((one.annotation for one in parameters if one.arg == name), None)
