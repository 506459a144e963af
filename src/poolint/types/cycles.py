"""Types that depend on themselves: least fixpoints over whatever evaluations ask each other.

A function that returns what it calls, an attribute that is assigned from itself, a loop that goes from one object to the
next: what such an expression is does not depend on where evaluation began, and chains of any length have an answer. The
least type is ``UNKNOWN``: nothing is known yet. A type may well take back what another one rests on (``UNKNOWN`` is also
what a union with something unknown is), so a type that goes on changing is widened: what it has been stays in it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.summaries import Components, Summaries
from poolint.syntax.scopes import Binding, Scope
from poolint.types.values import (
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Instance,
    LibraryName,
    Pending,
    TupleOf,
    Type,
    known,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_NESTED = 40
"""Evaluations of a component that stand inside each other; each takes some ten frames of Python's stack."""

_MAX_LAYERS = 3
"""Values inside each other that are kept of a type that goes on growing, such as a list of lists of lists."""

_MAX_PARTS = 12
"""Names with dots between them that are kept of the name of something of a library, which goes on growing where it is looked up
in itself: ``self.key = self.key.__func__``."""

_Question = tuple["Callable[..., Type]", tuple[object, ...]]


class MetAgain(BaseException):
    """An evaluation met itself, or stands too deep: no error, so no handler of errors may stop it."""


class Cycles:
    """The evaluations of one project that depend on themselves. What is final is remembered in ``memo``."""

    def __init__(self, memo: dict[object, Type]) -> None:
        self._components = Components(_MAX_NESTED)
        self.asking = self._components.asking
        """What is being evaluated: nothing in most of the time."""
        self._types: Summaries[object, Type] = Summaries(
            "type",
            self._evaluate,
            bottom=UNKNOWN,
            join=lambda _, new: new,
            widen=widened,
            rank=self._rank,
            components=self._components,
        )
        self._types.finished = memo
        self._questions: dict[object, _Question] = {}
        """What is asked while a component is being found."""

    def ask(self, key: object, compute: Callable[..., Type], arguments: tuple[object, ...]) -> Type:
        """What ``compute(*arguments)`` gives, of which nobody knows yet. Raises what :class:`Summaries` raise."""
        is_first = self._components.is_idle
        self._questions[key] = compute, arguments
        try:
            return self._types.of(key)
        finally:
            if is_first:
                self._questions.clear()

    def _evaluate(self, key: object) -> Type:
        compute, arguments = self._questions[key]
        return compute(*arguments)

    def _rank(self, key: object) -> str:
        """A question by what it is about, the same in every run."""
        compute, arguments = self._questions.get(key, (self.ask, ()))
        return " ".join([compute.__name__, *map(_told, arguments)])


def _told(one: object) -> str:
    if isinstance(one, Scope):
        return repr(tuple(one.key))
    if isinstance(one, Binding):
        return f"{one.kind} {one.index} {_told(one.node)}"
    if isinstance(one, ast.AST):
        place = [getattr(one, name, 0) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")]
        return f"{type(one).__name__} {place}"
    return str(getattr(one, "path", "")) if not isinstance(one, str) else one


def widened(old: Type, new: Type) -> Type:
    """A type that is at least two others; a chain of such comes to an end."""
    # Before it is widened a type may have grown: few parts, each of which stands in many others. With one that is cut it is
    # compared as far as that goes.
    return _Cut().of(_joined(old, _Cut().of(new)))


def _joined(old: Type, new: Type) -> Type:
    if new is UNKNOWN or old == new:
        return old
    if isinstance(old, Pending) and isinstance(new, Pending) and old.call == new.call:
        return Pending(
            old.call, _joined(old.awaited, new.awaited), _joined(old.entered, new.entered), _joined(old.item, new.item)
        )
    if isinstance(old, TupleOf) and isinstance(new, TupleOf) and len(old.items) == len(new.items):
        return TupleOf(tuple(map(_joined, old.items, new.items)))
    return known([old, new])


_MADE_OF_OTHERS = (Either, Pending, TupleOf, CallableValue, Instance, ClassObject)


class _Cut:
    """Types without what stands in more than a few others; a part that many have is cut once."""

    def __init__(self) -> None:
        self._done: dict[tuple[int, int], tuple[Type, Type]] = {}
        """What was cut, which is kept so that nothing else gets its identity, and what it is then."""

    def of(self, one: Type, layers: int = _MAX_LAYERS) -> Type:
        """The type without what stands in more than ``layers`` others."""
        if not isinstance(one, _MADE_OF_OTHERS):
            return UNKNOWN if isinstance(one, LibraryName) and one.name.count(".") > _MAX_PARTS else one
        found = self._done.get((id(one), layers))
        if found is None:
            found = self._done[id(one), layers] = one, self._of(one, layers)
        return found[1]

    def _of(self, one: Type, layers: int) -> Type:
        if isinstance(one, Either):
            return known([self.of(member, layers) for member in one.members])
        inner = layers - 1
        if isinstance(one, (Instance, ClassObject)) and not one.arguments:
            return one
        if not layers:
            return UNKNOWN
        if isinstance(one, Pending):
            return Pending(one.call, self.of(one.awaited, inner), self.of(one.entered, inner), self.of(one.item, inner))
        if isinstance(one, TupleOf):
            return TupleOf(self._each(one.items, inner))
        if isinstance(one, CallableValue):
            return CallableValue(self.of(one.gives, inner), one.runs)
        if isinstance(one, Instance):
            return Instance(one.cls, one.base, self._each(one.arguments, inner))
        if isinstance(one, ClassObject):
            return ClassObject(one.cls, one.base, self._each(one.arguments, inner))
        return one

    def _each(self, parts: tuple[Type, ...], layers: int) -> tuple[Type, ...]:
        return tuple(self.of(part, layers) for part in parts)
