"""Where the uses of a value stand, and by what it is reached there, as written."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import dotted

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def path(node: ast.expr) -> str:
    """An expression as dotted names and items by constant keys, as written: ``request.app["container"].sessions``."""
    if isinstance(node, ast.Attribute):
        owner = path(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        owner = path(node.value)
        return f"{owner}[{node.slice.value!r}]" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def outer_home(name: str, scope: Scope) -> Scope | None:
    """The function that binds a name, once and to something that is not made here."""
    around: Scope | None = scope
    while around is not None and around.kind != "module":
        bindings = [one for one in around.bindings.get(name, ()) if one.kind != "narrowed"]
        if bindings and around.kind != "class":
            real = [one for one in bindings if not (isinstance(one.value, ast.Constant) and one.value.value is None)]
            is_one = len(bindings) == 1 or len(real) == 1 or all(one.kind == "with" for one in bindings)
            return around if is_one else None
        around = around.parent
    return None


def is_stored(text: str, scope: Scope) -> bool:
    """Whether a function gives an attribute a value."""
    first, _, last = text.rpartition(".")
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr == last
        and dotted(node.value) == first
        for node in ast.walk(scope.node)
    )
