"""Which bindings a name or an attribute may have its value from, with the scopes that their values stand in.

The one answer for all that follows values, or explains what was followed: names as Python looks them up, at a use those
that reach it; star imports; attributes of modules, and of objects and classes of the project with their ancestors.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from poolint.syntax.reaching import as_type_checked, reaching
from poolint.syntax.scopes import home_of, parent_of
from poolint.types import imports
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
        return of_name(ev, node, scope)
    if isinstance(node, ast.Attribute):
        return list(_of_attribute(ev, node, scope))
    return []


def of_name(ev: Evaluator, node: ast.Name, scope: Scope, *, narrowed: bool = True) -> list[Bound]:
    """The bindings of a name; a node that stands nowhere (see :func:`elsewhere`) is seen from another scope.

    ``narrowed`` says whether tests of its type count, which bind nothing.
    """
    home = home_of(node.id, scope)
    if home is None:
        starred = imports.binding_module(ev, node.id, scope.module) if scope.module.stars else None
        home = starred.scope if starred is not None else None
    if home is None:
        return []
    found = home.bindings[node.id] if narrowed else home.bindings[node.id].untested
    if home is scope and len(found) > 1 and parent_of(node) is not None:  # else it is found once
        return _with_homes(reaching(found, node), home)
    if found.seen_elsewhere is None:
        found.seen_elsewhere = _with_homes(found, home)
    return found.seen_elsewhere


def _with_homes(found: list[Binding], home: Scope) -> list[Bound]:
    return [(one, one.home(home)) for one in as_type_checked(found)]


def elsewhere(name: str) -> ast.Name:
    """A name as another scope or module sees it."""
    return ast.Name(name, ast.Load(), lineno=0, col_offset=0)


def _of_attribute(ev: Evaluator, node: ast.Attribute, scope: Scope) -> Iterator[Bound]:
    for owner in alternatives(ev.type_of(node.value, scope)):
        if isinstance(owner, ModuleObject):
            yield from of_name(ev, elsewhere(node.attr), owner.module.scope)
        elif isinstance(owner, (Instance, ClassObject)):
            yield from of_member(ev, owner, node.attr)


def of_member(ev: Evaluator, owner: Instance | ClassObject, name: str) -> list[Bound]:
    """The bindings of an attribute in the first class that has any: those of its body, then what methods assign."""
    for cls in lineage(ev, owner):
        found = [*cls.bindings.get(name, ()), *cls.self_assignments.get(name, ())]
        if found:
            return [(one, one.home(cls)) for one in found]
    return []
