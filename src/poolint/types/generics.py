"""What a class gives for the type variables of its bases (``class Orders(Repository[Order, AsyncSession])``), and what an
annotation of a base says in those terms."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from poolint.syntax.nodes import walk
from poolint.syntax.scopes import Scope
from poolint.syntax.type_parameters import parameters_of
from poolint.types import annotated
from poolint.types.values import UNKNOWN, ClassObject, Instance, Type
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.types.evaluator import Evaluator


def in_terms(ev: Evaluator, receiver: Instance, base: Scope, declared: ast.expr, scope: Scope) -> Type:
    """What an annotation in ``base``, one of the classes of ``receiver``, says of that object; ``scope`` is where it stands.

    ``UNKNOWN`` where it has no type variable, or the class gives nothing for one.
    """
    if not _generic_bases(base) and not parameters_of(base.node):
        return UNKNOWN
    if isinstance(declared, ast.Constant):
        declared = annotated.unquoted(declared) or declared
    names = _variables(ev, base)
    if not any(one.id in names for one in _names(declared)):
        return UNKNOWN
    return ev.once((declared, receiver, "in terms"), _in_terms, ev, receiver, base, declared, scope)


def _in_terms(ev: Evaluator, receiver: Instance, base: Scope, declared: ast.expr, scope: Scope) -> Type:
    given = {name: one for name, one in _given(ev, receiver, base).items() if one is not UNKNOWN}
    if not any(one.id in given for one in _names(declared)):
        return UNKNOWN
    return annotated.annotation(ev, _with(declared, given), scope)


def _with(declared: ast.expr, given: dict[str, Type]) -> ast.expr:
    """An annotation with types in the places of its variables."""
    own = copy.copy(declared)
    if isinstance(own, ast.Name):
        if own.id in given:
            own.__dict__["_poolint_stands_for"] = given[own.id]
        return own
    for field, value in ast.iter_fields(own):
        if isinstance(value, ast.expr):
            setattr(own, field, _with(value, given))
        elif isinstance(value, list):
            setattr(own, field, [_with(one, given) if isinstance(one, ast.expr) else one for one in value])
    return own


def _given(ev: Evaluator, receiver: Instance, base: Scope) -> dict[str, Type]:
    """The types that a class gives for the variables of ``base``: by the arguments of the class itself, or where it, or one
    between the two, names its bases."""
    from poolint.types.members import lineage

    classes = lineage(ev, receiver)
    if not classes:
        return {}
    known = {classes[0]: _paired(ev, classes[0], receiver.arguments)}
    for cls in classes:
        own, around = known.setdefault(cls, {}), cls.parent or cls
        for node in _generic_bases(cls):
            owner = ev.type_of(node.value, around)
            if isinstance(owner, ClassObject) and isinstance(owner.cls, Scope) and owner.cls not in known:
                arguments = [annotated.annotation(ev, _with(one, own), around) for one in annotated.arguments_of(node)]
                known[owner.cls] = _paired(ev, owner.cls, arguments)
        if cls is base:
            return own
    return {}


def _paired(ev: Evaluator, cls: Scope, arguments: Iterable[Type]) -> dict[str, Type]:
    return dict(zip(_variables(ev, cls), arguments, strict=False))


def _variables(ev: Evaluator, cls: Scope) -> list[str]:
    """The type variables of a class, in their order: its parameters, and the names among its bases' arguments that are no
    classes."""
    found = [one.name for one in parameters_of(cls.node)]
    around = cls.parent or cls
    for node in sorted(_generic_bases(cls), key=lambda one: last_name(one.value) not in ("Generic", "Protocol")):
        for one in annotated.arguments_of(node):
            if (
                isinstance(one, ast.Name)
                and one.id not in found
                and not isinstance(ev.type_of(one, around), ClassObject)
            ):
                found.append(one.id)
    return found


def _generic_bases(cls: Scope) -> list[ast.Subscript]:
    return [one for one in getattr(cls.node, "bases", ()) if isinstance(one, ast.Subscript)]


def _names(declared: ast.expr) -> list[ast.Name]:
    if isinstance(declared, ast.Name):
        return [declared]
    return [one for one in walk(declared) if isinstance(one, ast.Name)]
