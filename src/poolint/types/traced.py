"""What a name or an attribute was in a test run, where nothing else tells: types from traces.

A trace names classes as they are at run time, ``sqlalchemy.orm.session.Session``, and the models as people import them,
``sqlalchemy.orm.Session``: it is the same class under a shorter name.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import members
from poolint.types.values import NOTHING, UNKNOWN, ClassObject, Instance, Type, union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def seen(ev: Evaluator, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    """What was seen of a name or an attribute."""
    traces = ev.project.traces
    if traces is None:
        return UNKNOWN
    if isinstance(node, ast.Name):
        return _of_read(ev, node.id, scope)
    owner = ev.type_of(node.value, scope)
    if not isinstance(owner, Instance):
        return UNKNOWN
    for cls in members.lineage(ev, owner):
        classes = traces.of_attribute(cls.module.path, cls.qualified_name, node.attr)
        if classes:
            return _types(ev, classes)
    return UNKNOWN


def unless_empty(ev: Evaluator, node: ast.Attribute, scope: Scope) -> Type:
    """What was seen of an attribute of which the code only says that it is empty at first; somebody else sets it."""
    found = seen(ev, node, scope)
    return NOTHING if found is UNKNOWN else found


def of_name(ev: Evaluator, name: str, scope: Scope) -> Type:
    """What a function had under a name of its own."""
    traces = ev.project.traces
    if traces is None or scope.kind != "function":
        return UNKNOWN
    return _types(ev, traces.of_name(scope.module.path, scope.qualified_name, name))


def _of_read(ev: Evaluator, name: str, scope: Scope) -> Type:
    """What was seen of a name in the function that reads it, or in one around that, up to the one that binds it."""
    current: Scope | None = scope
    while current is not None:
        found = of_name(ev, name, current)
        if found is not UNKNOWN or (current.kind != "class" and name in current.bindings):
            return found
        current = current.parent
    return UNKNOWN


def _types(ev: Evaluator, classes: list[list[str]]) -> Type:
    found = [next(_known(ev, names), None) for names in classes]
    return union([Instance(one, one) for one in found if one is not None]) if any(found) else UNKNOWN


def _known(ev: Evaluator, names: list[str]) -> Iterator[Class]:
    """The classes of the models that an object is of, the most derived one first."""
    for name in names:
        *modules, last = name.split(".")
        for count in range(len(modules), 0, -1):
            one = ev.library(".".join((*modules[:count], last)))
            if isinstance(one, ClassObject) and one.base is not None:
                yield one.base
                break
