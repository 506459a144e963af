"""Which rows of the models have an effect that anybody asks for, and the libraries whose objects have one without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.models.schema import Function as Function_
    from poolint.models.schema import Method
    from poolint.types.evaluator import Evaluator


def does(row: Method | Function_) -> bool:
    """Whether a call can have an effect that any sink asks for."""
    return bool(row.effect) or row.role != "local"


def roots_of(ev: Evaluator, *methods: str) -> tuple[bytes, ...]:
    """The import roots of the classes of which one of these methods, which nobody calls by its name, has an effect."""
    asked = frozenset(methods)
    rows = ((cls, row) for cls in ev.models.classes.values() for row in cls.methods)
    found = {cls.name for cls, row in rows if row.effect and not asked.isdisjoint(row.names)}
    return tuple(sorted({name.partition(".")[0].encode() for name in found}))


def roots_of_any_word(ev: Evaluator) -> frozenset[bytes]:
    """The import roots of the classes of which every method has an effect, and of what leads to their objects."""
    classes, functions = ev.models.classes, ev.models.functions
    whole = {name for name, cls in classes.items() if any("*" in row.names and does(row) for row in cls.methods)}
    leading = {
        name for name, cls in classes.items() if cls.attributes and not whole.isdisjoint(cls.attributes.values())
    }
    leading.update(name for name, one in functions.items() if one.returns in whole)
    return frozenset(name.partition(".")[0].encode() for name in whole | leading)
