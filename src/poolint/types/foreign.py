"""What libraries make of which the models know nothing: of several alternatives, an object of another class."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from poolint.types.values import FOREIGN, UNKNOWN, LibraryName, Type

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAX_STEPS = 3
"""Names that are bound to each other and looked through."""


def unless_known(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """What one of several alternatives is: ``FOREIGN`` where all that is known is that such a library has made it."""
    found = ev.type_of(node, scope)
    return FOREIGN if found is UNKNOWN and _is_made_elsewhere(ev, node, scope, _MAX_STEPS) else found


def of_binding(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """The same of what one of several bindings gives a name."""
    found = ev.binding(binding, scope)
    is_whole = binding.kind == "assign" and binding.value is not None and binding.index < 0
    if found is not UNKNOWN or not is_whole or binding.value is None:
        return found
    return FOREIGN if _is_made_elsewhere(ev, binding.value, scope, _MAX_STEPS) else found


def is_foreign(ev: Evaluator, one: Type) -> bool:
    """Whether something is of a library of which the models know nothing."""
    root = one.name.partition(".")[0] if isinstance(one, LibraryName) else "builtins"
    return root != "builtins" and root not in sys.stdlib_module_names and root not in ev.models.roots


def _is_made_elsewhere(ev: Evaluator, node: ast.expr, scope: Scope, steps: int) -> bool:
    from poolint.types import bound  # which asks for members, and so for tests of their classes

    if isinstance(node, ast.Call):
        return is_foreign(ev, ev.type_of(node.func, scope))
    bindings = bound.of_name(ev, node, scope) if isinstance(node, ast.Name) and steps else []
    return bool(bindings) and all(
        one.kind == "assign"
        and one.value is not None
        and one.index < 0
        and _is_made_elsewhere(ev, one.value, home, steps - 1)
        for one, home in bindings
    )
