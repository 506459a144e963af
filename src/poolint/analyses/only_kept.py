"""Whether an object does no more with a collection of its own than to keep tasks in it from being collected: whoever else has
the collection might wait for them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import given_to_fields
from poolint.models.standard import PUT_BY
from poolint.syntax.expressions import tells_all
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.types.fields import fields_of
from poolint.types.known_bases import has_known_bases
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_only_kept(ev: Evaluator, keeper: ast.Attribute, scope: Scope) -> bool:
    """Whether a class and its heirs do no more with a collection of their object than to put tasks into it, and to take them
    out, and nobody else has it: it is private, or nothing in the project reads or sets it on an object."""
    owner = scope.method_around.enclosing_class
    if owner is None or not (isinstance(keeper.value, ast.Name) and keeper.value.id == "self"):
        return False
    family = lineage(ev, ClassObject(owner, None))
    classes = (one for one in owner.module.scope.descendants() if one.kind == "class")
    heirs = [one for one in classes if one not in family and owner in lineage(ev, ClassObject(one, None))]
    uses = (use for cls in (*family, *heirs) for _, use in index_of(cls).on_self(keeper.attr))
    if not all(isinstance(one.ctx, ast.Store) or is_kept_by(one) for one in uses):
        return False
    return keeper.attr.startswith("_") or not _is_had_by_others(ev, keeper.attr, owner, [*family, *heirs])


def is_kept_by(collection: ast.expr) -> bool:
    """Whether something is put into a collection or taken out where it is read, and no more."""
    parent = parent_of(collection)
    return isinstance(parent, ast.Attribute) and parent.attr in PUT_BY


def _is_had_by_others(ev: Evaluator, name: str, owner: Scope, family: list[Scope]) -> bool:
    """Whether others than the methods of some classes may read or set an attribute of their objects, or pass it to these."""
    if not has_known_bases(ev, owner):
        return True
    if any(isinstance(one.value, ast.Name) for cls in family for one in cls.self_assignments.get(name, ())):
        return True
    if any(name in cls.bindings for cls in family) and any(
        _may_be_passed(ev, name, call, cls) for cls in family for call, _ in ev.callers.making(cls)
    ):
        return True
    return any(_may_be_of(ev, one, inner, family) for one, inner in _named(ev, name, owner))


def _may_be_passed(ev: Evaluator, name: str, call: ast.Call, cls: Scope) -> bool:
    """Whether a call passes a class a field that it makes its ``__init__`` of."""
    return not tells_all(call) or name in given_to_fields(fields_of(lineage(ev, ClassObject(cls, None))), call)


def _named(ev: Evaluator, name: str, owner: Scope) -> Iterator[tuple[ast.Attribute, Scope]]:
    """Where an attribute of a name stands in the project, tests aside, each with the scope around it."""
    for path in ev.project.saying(name, owner.module):
        module = ev.project.module(path)
        for inner in module.scope.descendants() if module is not None else ():
            yield from ((one, inner) for one in inner.attributes if one.attr == name)


def _may_be_of(ev: Evaluator, node: ast.Attribute, inner: Scope, family: list[Scope]) -> bool:
    """Whether an attribute may be one of objects of some classes, other than in their own methods."""
    found = alternatives(ev.type_of(node.value, inner))
    if any(isinstance(one, Instance) and one.cls in family for one in found):
        is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
        return not is_own or inner.method_around.enclosing_class not in family
    return not all(isinstance(one, Instance) for one in found)
