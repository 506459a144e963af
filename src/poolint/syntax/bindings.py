"""Where names get their values, and the keys by which scopes and calls are found again."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope

BindingKind = Literal[
    "parameter",  # node: ast.arg, value: its default
    "assign",  # value: the right side
    "stored",  # node: the container that the value is put into, which is no name of it
    "annotated",  # annotation, and value where there is one
    "with",  # value: the context expression, asynchronous: which `with`
    "for",  # value: the iterated expression
    "import",  # value: None, target: the dotted origin
    "function",  # scope: the function's own
    "class",
    "narrowed",  # annotation: the class that `isinstance` has shown
    "opaque",  # bound to something of no interest: except, match, augmented assignment, del
]


class Binding(msgspec.Struct, eq=False):
    """One place where a name gets a value.

    ``index`` is the position inside a tuple target, -1 where the whole value is bound.
    """

    kind: BindingKind
    node: ast.AST
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    scope: Scope | None = None
    origin: str = ""
    level: int = 0
    index: int = -1
    asynchronous: bool = False

    @property
    def position(self) -> tuple[int, int]:
        """Row and UTF-8 column at which the name is bound."""
        return (getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))

    def home(self, owner: Scope) -> Scope:
        """Where its value stands, if ``owner`` has the name: another function where that declares the name global, or
        assigns an attribute."""
        return owner if self.scope is None or self.kind in ("function", "class") else self.scope


class Bindings(list[Binding]):
    """The bindings of one name in one scope, as they were filed, with what each of its uses asks of all of them.

    A name may be bound a thousand times and used as often: what does not depend on the use is worked out once.
    """

    # There is one of these for each name of each scope, and of most nothing is asked: what is known is the class's till then.
    _from_last: list[Binding] | None = None
    _positions: list[tuple[int, int]]
    _untested: Bindings | None = None
    of_comprehensions: list[Binding] | None = None
    seen_elsewhere: list[tuple[Binding, Scope]] | None = None
    """Those that a use elsewhere may see, with where their values stand (see :func:`poolint.types.bound.of_name`)."""

    def append(self, binding: Binding) -> None:
        """File one more."""
        super().append(binding)
        if self.__dict__:
            self._from_last = self._untested = self.of_comprehensions = self.seen_elsewhere = None

    @property
    def untested(self) -> Bindings:
        """Those that bind something: all but the tests of a type, and declarations without a value where there are others."""
        if self._untested is None:
            told = [one for one in self if one.kind != "narrowed"]
            found = Bindings(one for one in told if one.kind != "annotated" or one.value is not None or len(told) == 1)
            self._untested = found if len(found) < len(self) else self
        return self._untested

    def before(self, position: tuple[int, int]) -> Iterator[Binding]:
        """Those at or before a row and column, the last one first."""
        if self._from_last is None:
            self._from_last = sorted(self, key=lambda one: one.position, reverse=True)
            self._positions = [one.position for one in reversed(self._from_last)]
        for index in range(len(self) - bisect_right(self._positions, position), len(self)):
            yield self._from_last[index]


class ScopeKey(NamedTuple):
    """A scope by its names, whichever time its file was parsed: the file's absolute path, the qualified name, and the
    row and column at which it begins, since a module may define several of one name."""

    path: str
    name: str
    row: int
    column: int


class CallKey(NamedTuple):
    """A call by its place, whichever time its file was parsed: the scope that it stands in, where it begins and ends."""

    scope: ScopeKey
    row: int
    column: int
    end_row: int
    end_column: int

    @classmethod
    def of(cls, call: ast.Call, scope: Scope) -> CallKey:
        """That of a call."""
        return cls(scope.key, call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0)
