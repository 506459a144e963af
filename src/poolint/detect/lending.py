"""Sessions that a function makes for others: it yields them, or passes them to what it has been given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import call_arguments
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import nearest

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def is_lent(made: ast.Call, scope: Scope) -> bool:
    """Whether a generator yields what a call has made, or a decorator passes it to what it has been given: whoever asks
    for a session uses it."""
    names = names_of(made, scope)
    if any(isinstance(one.value, ast.Name) and one.value.id in names for one in scope.yields):
        return True
    return any(
        isinstance(one, ast.Name) and one.id in names and _is_given(call, scope)
        for call in scope.calls
        for one in call_arguments(call)
    )


def _is_given(call: ast.Call, scope: Scope) -> bool:
    """Whether a function calls what the function around it has been given: a decorator's wrapper."""
    if not isinstance(call.func, ast.Name) or call.func.id in scope.bindings or scope.parent is None:
        return False
    return any(one.kind == "parameter" for one in nearest(call.func.id, scope.parent))


def names_of(made: ast.Call, scope: Scope) -> set[str]:
    """The variables that a call's value is bound to."""
    return index_of(scope).names_of(made)
