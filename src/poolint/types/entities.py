"""Objects that are loaded: ``session.get(Order, 1)`` gives one of the class that it is passed, ``select(Order)`` asks for
such objects, and what statements and results are turned into gives them.

What asks for objects, or has some, carries their type as its argument, as ``Select[Order]`` does. How a call of a library
deals with them is said by ``objects`` in its row.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.values import UNKNOWN, ClassObject, Instance, Pending, TupleOf, Type, alternatives

if TYPE_CHECKING:
    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

BY_PLACE = frozenset({"first", "kept-first"})
"""What gives the first ones, unless it is passed another place."""

OF_ARGUMENT = frozenset({"named", "asked", "asked-first"})
"""Where the objects come from the arguments of a call, not from what it is called on."""


def of_argument(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """The objects that the first argument of a call stands for: those of the class that it is, or those that it has."""
    return _meant(ev, call.args[0], scope) if call.args else UNKNOWN


def of_arguments(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """The same of all of them: one of each, where they are several."""
    if len(call.args) < 2:
        return of_argument(ev, call, scope)
    found = tuple(_meant(ev, one, scope) for one in call.args)
    is_known = any(one is not UNKNOWN for one in found) and not any(isinstance(one, ast.Starred) for one in call.args)
    return TupleOf(found) if is_known else UNKNOWN


def _meant(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    if isinstance(node, (ast.Starred, ast.Constant)):
        return UNKNOWN
    found = alternatives(ev.type_of(node, scope))
    one = found[0] if len(found) == 1 else UNKNOWN
    if isinstance(one, ClassObject) and one.cls is not one.base:
        return one.instance()
    return of_receiver(one)


def of_receiver(one: Type | None) -> Type:
    """The objects that a statement or result has, also one of a class of the project that is given such."""
    if not isinstance(one, Instance) or one.base is None or not one.arguments:
        return UNKNOWN
    if (one.cls is one.base or one.base.of_owner) and not one.base.parameters:
        return one.arguments[0]
    return UNKNOWN


def iterated(ev: Evaluator, one: Type, *, asynchronous: bool) -> Type:
    """What a loop over a result gives."""
    entity = of_receiver(one)
    if entity is UNKNOWN or not isinstance(one, Instance) or one.base is None:
        return UNKNOWN
    row = ev.models.method(one.base, "__aiter__" if asynchronous else "__iter__")
    return _one(row, entity) if row is not None else UNKNOWN


def asked_by_class(found: Type, one: ClassObject | Instance) -> Type:
    """What a class of the project has for asking for its objects, ``Order.query`` and ``Order.objects``: it asks for these."""
    asks = isinstance(found, Instance) and found.base is not None and any(row.objects for row in found.base.methods)
    if isinstance(found, Instance) and asks and one.cls is not one.base:
        return Instance(found.cls, found.base, (one.instance() if isinstance(one, ClassObject) else one,))
    return found


def asked_by_owner(found: Type, owner: ClassObject) -> Type:
    """What a class of the project has for its objects, where it has made that itself: ``objects = OrderManager()``."""
    if isinstance(found, Instance) and found.base is not None and found.base.of_owner and not found.arguments:
        return Instance(found.cls, found.base, (owner.instance(),))
    return found


def given(row: schema.Method | schema.Function, gives: Type, entity: Type) -> Type:
    """What a call gives, of which the row says ``gives``, where it has to do with objects of this type."""
    if entity is UNKNOWN:
        return gives
    one = _one(row, entity)
    if one is not UNKNOWN:
        return Pending("iterable", item=one) if row.objects in ("all", "rows") else one
    kept = _first(entity) if row.objects in ("asked-first", "kept-first") else entity
    return Instance(gives.cls, gives.base, (kept,)) if isinstance(gives, Instance) else gives


def _one(row: schema.Method | schema.Function, entity: Type) -> Type:
    """One of the things that a call gives, or that there are several of; unknown where it gives none of the objects."""
    if row.objects in ("named", "first"):
        return _first(entity)
    if row.objects in ("row", "rows"):
        return entity if isinstance(entity, TupleOf) else TupleOf((entity,))
    return entity if row.objects in ("one", "all") else UNKNOWN


def _first(entity: Type) -> Type:
    return entity.items[0] if isinstance(entity, TupleOf) else entity
