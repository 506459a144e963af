"""Names of methods that say database whatever they are called on, as far as the models tell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import REACHING_ROLES, RELEASABLE
from poolint.types.unmodelled import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.screen import Screen
    from poolint.syntax.project import Module
    from poolint.text.source import Source

_HOLDS = frozenset({*RELEASABLE, "registry"})
_SEVERAL = 3
"""Libraries that have a method on their sessions or connections before it says database by itself."""
_TIMES = 3
"""How much larger the part is."""


class Telling:
    """Words of sessions and connections, taken from the models.

    A word reaches the database on the session or connection of a much larger part of the libraries that have such than of the
    others have a method of that name, and neither results nor values of Python have it.
    """

    def __init__(self, models: Models, screen: Screen) -> None:
        self._screen = screen
        classes = {cls.name: cls for cls in models.classes.values()}.values()
        databases = {_root(cls) for cls in classes if cls.kind in _HOLDS}
        told: dict[str, set[bytes]] = {}
        elsewhere = {name for one in (dict, list, set, str, bytes, bytearray, tuple) for name in dir(one)}
        others: dict[str, set[bytes]] = {}
        asks: set[str] = set()
        self.of_database: set[str] = set()
        """All methods of what works with a database."""
        for cls in classes:
            root = _root(cls)
            for row in cls.methods:
                if cls.kind == "result":
                    elsewhere.update(row.names)
                elif cls.kind in DATABASE:
                    self.of_database.update(row.names)
                if root not in databases:
                    for name in row.names:
                        others.setdefault(name, set()).add(root)
                elif cls.kind in _HOLDS and (row.role in REACHING_ROLES or row.role == "begin"):
                    for name in row.names:
                        told.setdefault(name, set()).add(root)
                    asks.update(row.names if row.role in ("query", "stream") else ())
        rest = len({_root(cls) for cls in classes} - databases)
        self._roots = {
            name: frozenset(roots)
            for name, roots in told.items()
            if name not in elsewhere and len(roots) * rest > _TIMES * len(others.get(name, ())) * len(databases)
        }
        self._others = {name: frozenset(roots) for name, roots in others.items()}
        self._asks = asks
        self._near: dict[tuple[str, frozenset[bytes]], bool] = {}
        self._last: tuple[Source | None, bool] = (None, False)
        """The module that was last looked through for a database, and whether it has one: it is asked for each call of
        a module in turn, and takes a look at the whole of it."""
        self.databases = frozenset(one.decode() for one in databases)
        """The import roots of the libraries that have sessions or connections."""

    def is_word(self, call: ast.Call, module: Module) -> bool:
        """Whether a call is one by its method, in a module that has to do with a database that has such a method."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        roots = self._roots.get(name)
        if roots is None or (name in self._asks and not call.args):
            return False
        source = module.source
        if len(roots) == 1:
            return self._is_near(roots, module)
        last, is_near = self._last
        if last is not source:
            is_near = self._screen.is_near_database(source.path, source.data)
            self._last = (source, is_near)
        return is_near

    def is_sure(self, words: Iterable[str], module: Module) -> bool:
        """Whether the words that are called on one value say database together: one that many libraries have and no
        other one near, one of a single library that is near, or two."""
        words = set(words)
        return len(words) > 1 or any(
            (len(self._roots[one]) >= _SEVERAL or len(self._roots[one]) == 1)
            and not self._is_near(self._others.get(one, frozenset()), module)
            for one in words
        )

    def _is_near(self, roots: frozenset[bytes], module: Module) -> bool:
        if not roots:
            return False
        key = (module.path, roots)
        found = self._near.get(key)
        if found is None:
            found = self._near[key] = self._screen.is_near(roots, module.path, module.source.data)
        return found


def _root(cls: Class) -> bytes:
    return cls.name.partition(".")[0].encode()
