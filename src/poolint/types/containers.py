"""What else gives the type of an assigned value: what is put into a container that begins empty, elsewhere in its
module; of what nothing is known, the annotation of the generator that yields it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of
from poolint.types import yields
from poolint.types.values import UNKNOWN, Pending, Type, known, union
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def filled(ev: Evaluator, one: Type, binding: Binding, scope: Scope) -> Type:
    """The type of a container bound by ``binding`` in ``scope``, with its items where only its stores tell them."""
    if one is UNKNOWN:
        return yields.told(ev, one, binding, scope)
    if not (isinstance(one, Pending) and one.call == "iterable" and one.item is UNKNOWN):
        return one
    target = binding.node
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    items = [
        ev.binding(stored, stored.scope)
        for stored in scope.module.stored_in(name)
        if stored.scope is not None and _is_same(stored, stored.scope, target, name, scope)
    ]
    item = union(items)
    return one if item is UNKNOWN else Pending("iterable", item=item)


def keyed(ev: Evaluator, node: ast.Subscript, scope: Scope) -> Type:
    """What stands behind a text as key, ``request.app["sessions"]``, where the module puts it into what is called alike."""
    if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
        return UNKNOWN
    found = []
    for stored in scope.module.stored_in(last_name(node.value)):
        target = parent_of(stored.node)
        if not (isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)):
            continue
        if target.slice.value == node.slice.value and stored.scope is not None:
            found.append(ev.binding(stored, stored.scope))
    return known(found)


def _is_same(stored: Binding, inner: Scope, target: ast.AST, name: str, scope: Scope) -> bool:
    """Whether what is stored into is the container that ``target`` binds."""
    container = stored.node
    if scope.kind == "class" and isinstance(container, ast.Attribute):
        # ``cls._pools[name] = …``, ``Pools._pools[name] = …``
        return _class_around(inner) is scope or last_name(container.value) == scope.name
    if isinstance(target, ast.Name):
        return isinstance(container, ast.Name) and (inner is scope or name not in inner.bindings)
    return isinstance(container, ast.Attribute) and _class_around(inner) is _class_around(scope)


def _class_around(scope: Scope) -> Scope | None:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return current
