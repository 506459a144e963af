"""Registries of sessions that a function has for itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, reads_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def is_own_registry(factory: ast.expr, scope: Scope) -> bool:
    """Whether a registry that is called is the function's own, so that nobody else can empty it.

    It is made here, and nothing is done with it but to call it and its methods.
    """
    if not isinstance(factory, ast.Name):
        return False
    bindings = scope.bindings.get(factory.id, ())
    if len(bindings) != 1 or bindings[0].kind not in ("assign", "annotated"):
        return False
    if not isinstance(bindings[0].value, ast.Call) or factory.id in scope.globals:
        return False
    return all(inner is scope and _is_called(load) for inner, load in reads_of(factory.id, scope))


def _is_called(load: ast.expr) -> bool:
    """Whether something, or a method of it, is called where it stands."""
    parent = parent_of(load)
    if isinstance(parent, ast.Attribute):
        load, parent = parent, parent_of(parent)
    return isinstance(parent, ast.Call) and parent.func is load
