"""Whether the default of a field is what the field holds in the end: validators and hooks may put something else there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import last_name
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope


def is_validated(models: Models, cls: Scope, name: str) -> bool:
    """Whether a method of a class may put another value in the place of a field's default."""
    setters = models.words("sets-by-name")
    for method in cls.children:
        if method.name in models.words("completes") and _may_set(method, name, setters):
            return True
        for decorator in getattr(method.node, "decorator_list", ()):
            call = decorator if isinstance(decorator, ast.Call) else None
            how = last_name(call.func if call is not None else decorator)
            named = call.args if call is not None else []
            if how in models.words("validates-field"):
                if any(not isinstance(one, ast.Constant) or one.value in (name, "*") for one in named):
                    return True
            elif how in models.words("validates-object"):
                is_after = call is not None and _is_after(call)
                if not is_after or _may_set(method, name, setters):
                    return True
            elif "validator" in how:  # of another library, or by another name
                return True
    return False


def _is_after(decorator: ast.Call) -> bool:
    """Whether a validator of a whole model is called with the object, all of its fields set."""
    modes = [one.value for one in decorator.keywords if one.arg == "mode"]
    return any(isinstance(one, ast.Constant) and one.value == "after" for one in modes)


def _may_set(method: Scope, name: str, setters: frozenset[str]) -> bool:
    """Whether a method may set a field of its object: by its name, in whatever way, or by what it passes the object to."""
    first = method.first_parameter
    for node in walk(method.node):
        if isinstance(node, ast.Attribute):
            if node.attr in setters or (node.attr == name and not isinstance(node.ctx, ast.Load)):
                return True
        elif isinstance(node, ast.Name):
            is_passed = (
                first is not None and node.id == first.arg and isinstance(parent_of(node), (ast.Call, ast.keyword))
            )
            if node.id in setters or is_passed:
                return True
    return False
