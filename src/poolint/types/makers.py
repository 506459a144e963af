"""Makers of sessions whose class is left out: ``sessionmaker`` alone, as an annotation has it, may have been given
``class_=AsyncSession`` where it was made. What was really made, or how what it gives is entered, tells."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.values import (
    UNKNOWN,
    ClassObject,
    Either,
    Instance,
    TupleOf,
    Type,
    alternatives,
    union,
    without_none,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_open(one: Type) -> bool:
    """Whether something is declared as a maker of which nobody says what it makes; one that is made in sight says so."""
    return isinstance(one, Instance) and one.base is not None and bool(one.base.parameter_from) and not one.arguments


def leaves_open(declared: Type) -> bool:
    """Whether a declaration names such a maker, alone, among alternatives or in a tuple."""
    if isinstance(declared, TupleOf):
        return any(leaves_open(one) for one in declared.items)
    return any(is_open(one) for one in alternatives(declared))


def told(declared: Type, values: Sequence[Type]) -> Type:
    """A declared type, its open makers as those that are really among ``values``."""
    if isinstance(declared, TupleOf):
        size = len(declared.items)
        rows = [one.items for one in values if isinstance(one, TupleOf) and len(one.items) == size]
        return TupleOf(tuple(told(one, [row[at] for row in rows]) for at, one in enumerate(declared.items)))
    found: list[Type] = []
    for one in declared.members if isinstance(declared, Either) else (declared,):
        made = [each for value in values for each in alternatives(value) if _is_that(each, one)]
        found += made or [one]
    return union(found)


def _is_that(value: Type, maker: Type) -> bool:
    same = isinstance(value, Instance) and isinstance(maker, Instance) and value.base is maker.base
    return same and is_open(maker) and not is_open(value)


def asked(declared: Type, ask: Callable[[], Type]) -> Type:
    """The same, where ``ask`` gives what is really passed or returned: it is asked only where something is left open."""
    return told(declared, [without_none(ask())]) if leaves_open(declared) else declared


def twin_of(ev: Evaluator, header: ast.expr | None, scope: Scope) -> Type:
    """What ``async with`` binds on what an open maker gives that makes sessions of threads by default: only of the
    asynchronous twin can that be said."""
    if not isinstance(header, ast.Call) or not any(map(is_open, alternatives(ev.type_of(header.func, scope)))):
        return UNKNOWN
    given = [_twin(ev, one) for one in alternatives(ev.type_of(header, scope))]
    return union([ev.entered(Instance(one, one), asynchronous=True) for one in given if one is not None])


def _twin(ev: Evaluator, one: Type) -> Class | None:
    """The asynchronous twin of a library's class, whose instance this is."""
    base = one.base if isinstance(one, Instance) and one.base is one.cls else None
    return ev.models.classes.get(base.twin) if base is not None and base.twin else None


def working_as(ev: Evaluator, one: Instance | ClassObject) -> Class | None:
    """The class of makers that work as one does which makes objects of the other mode: ``sessionmaker(class_=AsyncSession)``
    (SQLAlchemy 1.4 and 2.0: ``begin()`` asks what is made for its block)."""
    base = one.base
    if base is None or base.kind != "factory" or not base.parameter_from or len(one.arguments) != 1:
        return None
    made = one.arguments[0].base if isinstance(one.arguments[0], Instance) else None
    if made is None or made.mode == base.mode:
        return None
    makers = (ev.models.classes[name] for name in sorted(ev.models.manners["used-factory"]))
    return next((cls for cls in makers if cls.mode == made.mode), None)


def made_by_library(ev: Evaluator, method: ast.Attribute, scope: Scope) -> Type:
    """The object of a class of the project that a method makes which a library's base has: ``Order.model_validate(row)``."""
    from poolint.types.members import lineage

    cls = ev.type_of(method.value, scope)
    if not isinstance(cls, ClassObject):
        return UNKNOWN
    for home in lineage(ev, cls):
        for base in getattr(home.node, "bases", ()):
            named = f"{ev.qualified_name(ev.type_of(base, home.parent or home))}.{method.attr}"
            if named in ev.models.manners["makes-object"]:
                return cls.instance()
    return UNKNOWN
