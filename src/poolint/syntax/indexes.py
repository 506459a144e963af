"""What is asked of one scope again and again, for each name or attribute in turn, put together once.

A function or class with thousands of names would be walked once for each of them otherwise.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.syntax.uses import Usage, Use

Place = tuple[int, int]
"""Row and UTF-8 column."""


class Index:
    """The indexes of one scope. It is valid once the module is filed, after which no scope changes."""

    __slots__ = (
        "_names",
        "_on_self",
        "first_guard",
        "guards",
        "loads",
        "once",
        "outcomes",
        "passed_once",
        "released",
        "scope",
        "sets",
        "sets_autocommit",
        "tests",
    )

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._names: dict[ast.expr, set[str]] | None = None
        self._on_self: dict[str, dict[str, list[tuple[Scope, ast.Attribute]]]] = {}
        self.loads: dict[str, Placed] = {}
        """What :mod:`poolint.syntax.uses` knows of each name."""
        self.sets_autocommit: frozenset[str] | None = None
        """What :mod:`poolint.analyses.autocommit` knows: the names on which it is set."""
        self.sets: frozenset[str] | None = None
        """What :mod:`poolint.analyses.assumed` knows: the attributes that are set in here, by their dotted names."""
        self.guards: dict[ast.stmt, tuple[list[ast.stmt], int]] = {}
        """What :mod:`poolint.analyses.assumed` knows: of each block that was asked about the statements by which it may be
        left, and how many of them stand before a statement."""
        self.tests: dict[ast.AST, list[tuple[ast.expr | ast.ExceptHandler, bool]]] = {}
        self.outcomes: dict[tuple[ast.expr, object], bool | None] = {}
        """What :mod:`poolint.analyses.conditions` knows: the tests around a node, and how they come out for what is fixed."""
        self.passed_once: dict[ast.stmt, bool] = {}
        """What :mod:`poolint.analyses.once` knows: whether a statement stands under a condition that holds once."""
        self.once: dict[ast.If, bool] = {}
        self.first_guard: float | None = None
        """The same: whether a condition holds once, and the first row at which what was made before is returned."""
        self.released: frozenset[str] | None = None
        """What :mod:`poolint.detect.ended_by_name` knows: the names of what may be released anywhere in here."""

    def names_of(self, call: ast.expr) -> set[str]:
        """The variables of this scope that the value of a call, awaited or not, is bound to, or may be: ``given or call()``."""
        if self._names is None:
            self._names = {}
            for name, bindings in self.scope.bindings.items():
                for one in bindings:
                    for value in _arms(one.value) if one.value is not None else ():
                        self._names.setdefault(value, set()).add(name)
        return self._names.get(call, set())

    def on_self(self, attribute: str, own: str = "self") -> list[tuple[Scope, ast.Attribute]]:
        """Where ``self.attribute`` stands in this class, with the scope around it, or that of what methods call ``own``."""
        if own not in self._on_self:
            found = self._on_self[own] = {}
            for inner in self.scope.descendants():
                for load in inner.loads.get(own, ()):
                    parent = parent_of(load)
                    if isinstance(parent, ast.Attribute):
                        found.setdefault(parent.attr, []).append((inner, parent))
        return self._on_self[own].get(attribute, [])


class Placed:
    """Uses of one name in the order in which they were added, each at a place.

    For each kind the first one that does not stand in front of some place is found by bisection, in whatever order the
    places came: it is the first one at which the furthest place so far is not in front of it either.
    """

    __slots__ = ("_count", "_kinds")

    def __init__(self) -> None:
        self._count = 0
        self._kinds: dict[Use, tuple[list[Place], list[tuple[int, Usage]]]] = {}

    def add(self, place: Place, one: Usage) -> None:
        """Append a use."""
        places, values = self._kinds.setdefault(one.use, ([], []))
        places.append(max(place, places[-1]) if places else place)
        values.append((self._count, one))
        self._count += 1

    def first(self, place: Place) -> list[Usage]:
        """The first use of each kind that is not in front of ``place``, in the order in which they were added."""
        found = []
        for places, values in self._kinds.values():
            at = bisect_left(places, place)
            if at < len(values):
                found.append(values[at])
        return [one for _, one in sorted(found, key=lambda one: one[0])]


def _arms(value: ast.expr) -> list[ast.expr]:
    """An expression, and all that may come out as its value."""
    if isinstance(value, ast.Await):
        return [value, *_arms(value.value)]
    arms = value.values if isinstance(value, ast.BoolOp) else []
    if isinstance(value, ast.IfExp):
        arms = [value.body, value.orelse]
    return [value, *(part for arm in arms for part in _arms(arm))]


def index_of(scope: Scope) -> Index:
    """The indexes of a scope."""
    if scope.index is None:
        scope.index = Index(scope)
    return scope.index
