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
