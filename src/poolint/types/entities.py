"""Objects that are loaded: ``session.get(Order, 1)`` gives one of the class that it is passed, ``select(Order)`` asks for
such objects, and what statements and results are turned into gives them.

What asks for objects, or has some, carries their type as its argument, as ``Select[Order]`` does. How a call of a library
deals with them is said by ``objects`` in its row.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.values import UNKNOWN, ClassObject, Instance, Pending, Type, alternatives

if TYPE_CHECKING:
    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

OF_ARGUMENT = frozenset({"named", "asked"})
"""Where the objects come from the first argument of a call, not from what it is called on."""


def of_argument(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """The objects that the first argument of a call stands for: those of the class that it is, or those that it has."""
    first = call.args[0] if call.args else None
    if first is None or isinstance(first, (ast.Starred, ast.Constant)):
        return UNKNOWN
    found = alternatives(ev.type_of(first, scope))
    one = found[0] if len(found) == 1 else UNKNOWN
    if isinstance(one, ClassObject) and one.cls is not one.base:
        return one.instance()
    return of_receiver(one)


def of_receiver(one: Type | None) -> Type:
    """The objects that a statement or result has."""
    if isinstance(one, Instance) and one.cls is one.base and not one.base.parameters and one.arguments:
        return one.arguments[0]
    return UNKNOWN


def iterated(ev: Evaluator, one: Type, *, asynchronous: bool) -> Type:
    """What a loop over a result gives."""
    entity = of_receiver(one)
    if entity is UNKNOWN or not isinstance(one, Instance) or one.base is None:
        return UNKNOWN
    row = ev.models.method(one.base, "__aiter__" if asynchronous else "__iter__")
    return entity if row is not None and row.objects == "one" else UNKNOWN


def asked_by_class(found: Type, one: ClassObject | Instance) -> Type:
    """What a class of the project has for asking for its objects, ``Order.query``: it asks for these."""
    if isinstance(found, Instance) and one.cls is not one.base:
        return Instance(found.cls, found.base, (one.instance() if isinstance(one, ClassObject) else one,))
    return found


def given(row: schema.Method | schema.Function, gives: Type, entity: Type) -> Type:
    """What a call gives, of which the row says ``gives``, where it has to do with objects of this type."""
    if entity is UNKNOWN:
        return gives
    if row.objects in ("named", "one"):
        return entity
    if row.objects == "all":
        return Pending("iterable", item=entity)
    return Instance(gives.cls, gives.base, (entity,)) if isinstance(gives, Instance) else gives
