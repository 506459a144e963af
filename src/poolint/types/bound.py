"""What a name or an attribute may have its value from: bindings, with the scopes that they stand in."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from poolint.syntax.reaching import reaching
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, ModuleObject, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

Bound: TypeAlias = "tuple[Binding, Scope]"


def bindings(ev: Evaluator, node: ast.expr, scope: Scope) -> list[Bound]:
    """The bindings that a name or an attribute in ``scope`` may have its value from; none for anything else."""
    if isinstance(node, ast.Name):
        own = scope.bindings.get(node.id)
        if own:
            return [(one, scope) for one in reaching(own, node)]
        outer = _around(node.id, scope)
        return [(one, outer) for one in outer.bindings[node.id]] if outer is not None else []
    if isinstance(node, ast.Attribute):
        return list(_of_attribute(ev, node, scope))
    return []


def _around(name: str, scope: Scope) -> Scope | None:
    current = scope.parent
    while current is not None:
        if current.kind != "class" and name in current.bindings:
            return current
        current = current.parent
    return None


def _of_attribute(ev: Evaluator, node: ast.Attribute, scope: Scope) -> Iterator[Bound]:
    for owner in alternatives(ev.type_of(node.value, scope)):
        if isinstance(owner, ModuleObject):
            inner = owner.module.scope
            yield from ((one, inner) for one in inner.bindings.get(node.attr, ()))
        elif isinstance(owner, (Instance, ClassObject)):
            for cls in lineage(ev, owner):
                found = [(one, cls) for one in cls.bindings.get(node.attr, ())]
                found += [(one, one.scope or cls) for one in cls.self_assignments.get(node.attr, ())]
                yield from found
                if found:
                    break
