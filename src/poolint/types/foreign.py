"""What libraries make of which the models know nothing: of several alternatives, an object of another class."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from poolint.types.values import FOREIGN, UNKNOWN, LibraryName, Type

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_NAMES: frozenset[Passage] = frozenset()
"""Through names alone."""


def unless_known(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """What one of several alternatives is: ``FOREIGN`` where all that is known is that such a library has made it."""
    found = ev.type_of(node, scope)
    return FOREIGN if found is UNKNOWN and _is_made_elsewhere(ev, node, scope) else found


def of_binding(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """The same of what one of several bindings gives a name."""
    found = ev.binding(binding, scope)
    is_whole = binding.kind == "assign" and binding.value is not None and binding.index < 0
    if found is not UNKNOWN or not is_whole or binding.value is None:
        return found
    return FOREIGN if _is_made_elsewhere(ev, binding.value, scope) else found


def is_foreign(ev: Evaluator, one: Type) -> bool:
    """Whether something is of a library of which the models know nothing."""
    root = one.name.partition(".")[0] if isinstance(one, LibraryName) else "builtins"
    return root != "builtins" and root not in sys.stdlib_module_names and root not in ev.models.roots


def _is_made_elsewhere(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    from poolint.types.following import Follower  # which asks for members, and so for tests of their classes

    made = Follower(ev, _NAMES).sources(node, scope)
    return made.complete and all(
        isinstance(one.node, ast.Call) and is_foreign(ev, ev.type_of(one.node.func, one.scope)) for one in made.found
    )
