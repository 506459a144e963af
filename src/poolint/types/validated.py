"""Whether the default of a field is what the field holds in the end: validators and hooks may put something else there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import last_name
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope

_HOOKS = frozenset({"model_post_init", "__post_init__"})
_SETTERS = frozenset({"setattr", "__setattr__", "__dict__", "vars", "update", "model_copy", "model_construct"})
"""What sets attributes that it is told by their names, or gives another object."""


def is_validated(cls: Scope, name: str) -> bool:
    """Whether a method of a class may put another value in the place of a field's default."""
    for method in cls.children:
        if method.name in _HOOKS and _may_set(method, name):
            return True
        for decorator in getattr(method.node, "decorator_list", ()):
            if not isinstance(decorator, ast.Call) or "validator" not in last_name(decorator.func):
                continue
            if not decorator.args:
                if not _is_after(decorator) or _may_set(method, name):
                    return True
            elif any(not isinstance(one, ast.Constant) or one.value in (name, "*") for one in decorator.args):
                return True
    return False


def _is_after(decorator: ast.Call) -> bool:
    """Whether a validator of a whole model is called with the object, all of its fields set."""
    modes = [one.value for one in decorator.keywords if one.arg == "mode"]
    return any(isinstance(one, ast.Constant) and one.value == "after" for one in modes)


def _may_set(method: Scope, name: str) -> bool:
    """Whether a method may set a field of its object: by its name, in whatever way, or by what it passes the object to."""
    first = method.first_parameter
    for node in walk(method.node):
        if isinstance(node, ast.Attribute):
            if node.attr in _SETTERS or (node.attr == name and not isinstance(node.ctx, ast.Load)):
                return True
        elif isinstance(node, ast.Name):
            is_passed = (
                first is not None and node.id == first.arg and isinstance(parent_of(node), (ast.Call, ast.keyword))
            )
            if node.id in _SETTERS or is_passed:
                return True
    return False
