"""Whether two expressions surely name different objects: two parameters, or what two calls have made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.call_sites import call_fact

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAX_STEPS = 5


def is_misplaced(ev: Evaluator, taken: ast.Call, given: ast.Call, scope: Scope) -> bool:
    """Whether what ``taken`` has checked out is surely given to another pool than its own by ``given``."""
    fact = call_fact(ev, given, scope)
    if fact is None or getattr(fact.row, "releases", "self") != "argument":
        return False
    if not (isinstance(taken.func, ast.Attribute) and isinstance(given.func, ast.Attribute)):
        return False
    return _are_different(ev, taken.func.value, given.func.value, scope)


def _are_different(ev: Evaluator, one: ast.expr, other: ast.expr, scope: Scope) -> bool:
    """Whether two expressions in ``scope`` surely stand for different objects; what cannot be told may be the same."""
    first, second = _origin(ev, one, scope), _origin(ev, other, scope)
    return first is not None and second is not None and first is not second


def _origin(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.AST | None:
    """The parameter or the making call that an expression has its value from; None where that is not certain."""
    for _ in range(_MAX_STEPS):
        binding = _binding(node, scope)
        if binding is None:
            return None
        if binding.kind == "parameter":
            return binding.node
        value = binding.value.value if isinstance(binding.value, ast.Await) else binding.value
        home = binding.scope or scope
        if isinstance(value, ast.Call):
            fact = call_fact(ev, value, home, use_evidence=False)
            makes = fact is not None and (fact.role or (fact.cls.construct if fact.cls is not None else "")) == "create"
            return value if makes else None
        if value is None or binding.kind not in ("assign", "annotated") or binding.index >= 0:
            return None
        node, scope = value, home
    return None


def _binding(node: ast.expr, scope: Scope) -> Binding | None:
    """The only binding of a name, or of an attribute of ``self``."""
    found: list[Binding] = []
    if isinstance(node, ast.Name):
        around: Scope | None = scope
        while around is not None and (around.kind == "class" or node.id not in around.bindings):
            around = around.parent
        found = around.bindings[node.id] if around is not None else []
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        method: Scope | None = scope
        while method is not None and method.enclosing_class is None:
            method = method.parent
        owner = method.enclosing_class if method is not None else None
        found = owner.self_assignments.get(node.attr, []) if owner is not None else []
    return found[0] if len(found) == 1 else None
