"""What code outside of a class sets on its objects: ``database.pool = await asyncpg.create_pool(…)`` as an application starts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import Scope
from poolint.types.serving import is_serving
from poolint.types.values import UNKNOWN, ClassObject, Instance, alternatives, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.models.schema import Class
    from poolint.syntax.bindings import Binding
    from poolint.syntax.project import Module
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def set_outside(ev: Evaluator, receiver: Instance, attribute: str) -> Type:
    """What is assigned to an attribute of objects of a project's class, anywhere in the project, by others than its methods."""
    if not isinstance(receiver.cls, Scope) or attribute.startswith("__"):
        return UNKNOWN
    return ev.once((receiver.cls, attribute, "set outside"), _on_own, ev, receiver, attribute)


def set_on_application(ev: Evaluator, receiver: Type, attribute: str, scope: Scope) -> Type:
    """The same of what serves, a bot or an application of a library, by which handlers come to it: ``bot.pool = …``."""
    for one in alternatives(receiver):
        base = one.base if isinstance(one, Instance) and one.cls is one.base else None
        if base is not None and is_serving(ev, one) and not attribute.startswith("_"):
            root = ev.project.root_of(scope.module)
            return ev.once((base.name, attribute, root, "set outside"), _on_library, ev, base, attribute, scope)
    return UNKNOWN


def _on_library(ev: Evaluator, base: Class, attribute: str, scope: Scope) -> Type:
    return _given(ev, attribute, scope.module, lambda one: isinstance(one, Instance) and one.base is base)


def _on_own(ev: Evaluator, receiver: Instance, attribute: str) -> Type:
    assert isinstance(receiver.cls, Scope)
    return _given(ev, attribute, receiver.cls.module, lambda one: _may_be(ev, one, receiver))


def assignments(ev: Evaluator, attribute: str, near: Module) -> Iterator[tuple[Binding, ast.expr, Scope]]:
    """What is assigned to an attribute in the project of a module, each with what it is set on and the scope of that; not what
    methods set on their own objects."""
    for path in ev.project.setting(attribute, near):
        module = ev.project.module(path)
        for binding in module.set_on_objects(attribute) if module is not None else ():
            if binding.scope is not None and isinstance(binding.node, ast.Attribute):
                yield binding, binding.node.value, binding.scope


def _given(ev: Evaluator, attribute: str, near: Module, is_owner: Callable[[Type], bool]) -> Type:
    """What is assigned to an attribute of those that are asked about."""
    found: list[Type] = []
    for binding, owner, scope in assignments(ev, attribute, near):
        if any(map(is_owner, alternatives(ev.type_of(owner, scope)))):
            found.append(ev.binding(binding, scope))
    return known(found)


def _may_be(ev: Evaluator, one: Type, other: Instance) -> bool:
    """Whether an object, or one of a class, may be another one: the class of the one is that of the other, or comes from it."""
    from poolint.types.members import lineage  # which asks for this

    if not isinstance(one, (Instance, ClassObject)):
        return False
    return other.cls in lineage(ev, one) or one.cls in lineage(ev, other)
