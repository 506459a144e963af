"""The words of the models by which a call may have an effect: cheap first questions, which follow from the rows alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import OPENING_ROLES
from poolint.models.standard import LEAVES
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.models.schema import Function, Method
    from poolint.types.call_sites import CallSite


def words_with_effect(models: Models) -> frozenset[str]:
    """The last parts of the names of all calls that can have an effect that any sink asks for."""
    found = {name.rpartition(".")[2] for name, one in models.functions.items() if does(one)}
    asked = {
        name for name, cls in models.classes.items() for row in cls.methods if "__call__" in row.names and does(row)
    }
    for cls in models.classes.values():
        found.update(name for name, one in cls.attributes.items() if one in asked)
        found.update(name for row in cls.methods if does(row) for name in row.names)
        if cls.construct in OPENING_ROLES:
            found.add(cls.name.rpartition(".")[2])
    return frozenset(found | LEAVES | set(models.threaded))


def roots_of_iterators(models: Models) -> tuple[bytes, ...]:
    """The import roots of the classes over whose objects one goes with an effect."""
    return _roots_of(models, "__iter__", "__anext__", "__aiter__")


def roots_of_blocks(models: Models) -> tuple[bytes, ...]:
    """The import roots of the classes whose blocks end with an effect."""
    return _roots_of(models, "__exit__", "__aexit__")


def roots_of_any_word(models: Models) -> frozenset[bytes]:
    """The import roots of the classes of which every method has an effect, and of what leads to their objects."""
    classes, functions = models.classes, models.functions
    whole = {name for name, cls in classes.items() if any("*" in row.names and does(row) for row in cls.methods)}
    leading = {
        name for name, cls in classes.items() if cls.attributes and not whole.isdisjoint(cls.attributes.values())
    }
    leading.update(name for name, one in functions.items() if one.returns in whole)
    return frozenset(name.partition(".")[0].encode() for name in whole | leading)


def does(row: Method | Function) -> bool:
    """Whether a call can have an effect that any sink asks for."""
    return bool(row.effect) or row.role != "local"


def makes_decorator(fact: CallSite, node: ast.Call) -> bool:
    """Whether a call only makes what is put around functions: calls of these back off, ``backoff.on_exception(…)``. One
    that is called with a function at once, and that at once again, backs off there."""
    if fact.cls is not None or fact.row is None or fact.row.effect != "retry":
        return False
    outer = parent_of(node)
    last = parent_of(outer) if isinstance(outer, ast.Call) and outer.func is node else None
    return not (isinstance(last, ast.Call) and last.func is outer)


def _roots_of(models: Models, *methods: str) -> tuple[bytes, ...]:
    """The import roots of the classes of which one of these methods, which nobody calls by its name, has an effect."""
    asked = frozenset(methods)
    rows = ((cls, row) for cls in models.classes.values() for row in cls.methods)
    found = {cls.name for cls, row in rows if row.effect and not asked.isdisjoint(row.names)}
    return tuple(sorted({name.partition(".")[0].encode() for name in found}))
