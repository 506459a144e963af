"""Where names get their values, and the keys by which scopes and calls are found again."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope

BindingKind = Literal[
    "parameter",  # node: ast.arg, value: its default
    "assign",  # value: the right side
    "annotated",  # annotation, and value where there is one
    "with",  # value: the context expression, asynchronous: which `with`
    "for",  # value: the iterated expression
    "import",  # value: None, target: the dotted origin
    "function",  # scope: the function's own
    "class",
    "narrowed",  # annotation: the class that `isinstance` has shown
    "opaque",  # bound to something of no interest: except, match, augmented assignment, del
]


class Binding:
    """One place where a name gets a value.

    ``index`` is the position inside a tuple target, -1 where the whole value is bound.
    """

    __slots__ = (
        "annotation", "asynchronous", "index", "kind", "level", "node", "origin", "scope", "value",
    )  # fmt: skip

    def __init__(
        self,
        kind: BindingKind,
        node: ast.AST,
        value: ast.expr | None = None,
        annotation: ast.expr | None = None,
        *,
        scope: Scope | None = None,
        origin: str = "",
        level: int = 0,
        index: int = -1,
        asynchronous: bool = False,
    ) -> None:
        self.kind: BindingKind = kind
        self.node = node
        self.value = value
        self.annotation = annotation
        self.scope = scope
        self.origin = origin
        self.level = level
        self.index = index
        self.asynchronous = asynchronous

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

    __slots__ = ("_from_last", "_positions", "_untested", "seen_elsewhere")

    def __init__(self, found: Iterable[Binding] = ()) -> None:
        super().__init__(found)
        self._from_last: list[Binding] | None = None
        self._positions: list[tuple[int, int]]
        self._untested: Bindings | None = None
        self.seen_elsewhere: list[tuple[Binding, Scope]] | None = None
        """Those that a use elsewhere may see, with where their values stand (see :func:`poolint.types.bound.of_name`)."""

    def append(self, binding: Binding) -> None:
        """File one more."""
        super().append(binding)
        self._from_last = self._untested = self.seen_elsewhere = None

    @property
    def untested(self) -> Bindings:
        """Those that bind something: all but the tests of a type."""
        if self._untested is None:
            found = Bindings(one for one in self if one.kind != "narrowed")
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
