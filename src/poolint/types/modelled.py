"""What the models name: the types of their expressions, and what a call of one of their classes makes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, call_arguments
from poolint.types.values import UNKNOWN, ClassObject, Instance, Type, alternatives, union
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def type_expression(ev: Evaluator, expression: str, receiver: Instance | None) -> Type:
    """A type expression of the models (see :mod:`poolint.models.schema`), for a receiver."""
    if not expression:
        return UNKNOWN
    if expression == "self":
        return receiver if receiver is not None else UNKNOWN
    if expression.startswith("$"):
        index = int(expression[1:])
        if receiver is None:
            return UNKNOWN
        if index < len(receiver.arguments) and receiver.arguments[index] is not UNKNOWN:
            return receiver.arguments[index]
        defaults = receiver.base.parameters if receiver.base is not None else ()
        return type_expression(ev, defaults[index], None) if index < len(defaults) else UNKNOWN
    cls = ev.models.classes.get(expression)
    return Instance(cls, cls) if cls is not None else UNKNOWN


def given_by_name(ev: Evaluator, row: schema.Function, node: ast.Call, scope: Scope) -> Type | None:
    """What a call gives by the text that it is passed: ``filesystem("s3")``; None where that says nothing."""
    from poolint.types.following import origin, text_of_constant  # which ask for types

    passed = argument_for(node, row.given_by, 0)
    # An attribute may be another one in a class below.
    name = text_of_constant(origin(ev, passed, scope).node) if isinstance(passed, (ast.Constant, ast.Name)) else ""
    found = row.given.get(name, row.given.get("*", "") if name else "")
    return type_expression(ev, found, None) if found else None


def constructed(ev: Evaluator, cls: ClassObject, node: ast.Call, scope: Scope) -> Type:
    """An instance, with the type argument that a keyword such as ``class_=`` gives; one for each of several
    classes that it may be."""
    base = cls.base
    if base is None:
        return cls.instance()
    for name in _told_by(node) if base is cls.cls and base.made_with else ():
        if name in base.made_with:
            return type_expression(ev, base.made_with[name], None)
    if not base.parameter_from:
        return cls.instance()
    given = argument_for(node, base.parameter_from, base.parameter_at)
    if given is not None:
        made: list[Type] = [
            one.instance() for one in alternatives(ev.type_of(given, scope)) if isinstance(one, ClassObject)
        ]
        is_open = not made and bool(cls.arguments)
        return cls.instance() if is_open else union([Instance(cls.cls, base, (one,)) for one in made or [UNKNOWN]])
    if cls.arguments or any(keyword.arg is None for keyword in node.keywords):
        return cls.instance()
    return Instance(cls.cls, base, tuple(type_expression(ev, one, None) for one in base.parameters))


def _told_by(node: ast.Call) -> Iterator[str]:
    """The keywords of a call that are passed True, and the constants that it is passed: ``socket.SOCK_DGRAM``."""
    for keyword in node.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
            yield keyword.arg
    yield from (name for one in call_arguments(node) if (name := last_name(one)).isupper())
