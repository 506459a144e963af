"""What fields of classes are made by: ``conn: Connection = field(default_factory=engine.connect)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.acquisitions import is_given_to_caller
from poolint.analyses.pool_limits import owes_closing
from poolint.models.schema import HANDLES
from poolint.syntax.expressions import argument_for, tells_all
from poolint.types.call_sites import CallSite, text_of
from poolint.types.fields import constructor_of, fields_of
from poolint.types.members import lineage
from poolint.types.returns import called
from poolint.types.values import CallableValue, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_FACTORIES = ("default_factory", "factory")
"""The keyword by which a field is given what makes its value, of dataclasses and pydantic, and of attrs."""


class Taken(NamedTuple):
    """What is checked out for an object: the attribute that gets it, the call and the class."""

    part: str
    fact: CallSite
    cls: Class


def of_field(ev: Evaluator, node: ast.Call, attribute: str, owner: Scope) -> Taken | None:
    """What a field of the class ``owner`` gets for each object, where a factory is declared that gives one thing."""
    for factory in _factories(node):
        found = alternatives(called(ev, ev.type_of(factory, owner)))
        cls = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
        if cls is not None:
            return Taken(attribute, CallSite(node, cls.name, text_of(factory, owner), None, cls), cls)
    return None


def _factories(field: ast.Call) -> list[ast.expr]:
    return [one.value for one in field.keywords if one.arg in _FACTORIES]


def by_fields(ev: Evaluator, owner: Instance, made: ast.Call) -> Iterator[Taken]:
    """What an object takes for its fields, as ``made`` makes it and passes nothing for them: what is nobody else's, and has to
    be given back or closed."""
    if constructor_of(ev, owner) is not None or not tells_all(made):
        return
    family = lineage(ev, owner)
    order = fields_of(family)
    if any(one.arg not in order for one in made.keywords):
        return  # it may be a field by another name: `conn` is that of attrs for `_conn`
    defined: set[str] = set()
    for home in family:
        own = {name: bound for name, bound in home.bindings.items() if name not in defined}
        defined.update(own)  # what a class defines again is no more what the ones above it say
        for name, bound in own.items():
            field = bound[0].value if bound[0].kind == "annotated" and len(bound) == 1 else None
            if not isinstance(field, ast.Call) or argument_for(made, name, order.index(name)) is not None:
                continue
            taken = of_field(ev, field, name, home)
            is_owed = taken is not None and (taken.cls.kind in HANDLES or owes_closing(taken.cls))
            if taken is not None and is_owed and _is_own(ev, field, home):
                yield taken


def _is_own(ev: Evaluator, field: ast.Call, owner: Scope) -> bool:
    """Whether what a factory gives is another one each time: it is a library's, or a function that has checked it out for its
    caller. A registry gives all of a thread the same."""
    makers = (maker for one in _factories(field) for maker in alternatives(ev.type_of(one, owner)))
    for maker in makers:
        if isinstance(maker, CallableValue) or (
            isinstance(maker, Function) and not is_given_to_caller(ev, maker.scope)
        ):
            return False
        if isinstance(maker, Instance) and (maker.base is None or maker.base.kind == "registry"):
            return False
    return True
