"""Observations about two transactions of a project that lock the same tables in opposite orders."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.table_locks import WORDS, Locks
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.together import exclude_each_other
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.analyses.table_locks import Lock
    from poolint.analyses.waypoints import Waypoint, What
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class LockOrder(Observation, frozen=True, eq=False):
    """A transaction that locks two tables in the order opposite to that of another one of the project.

    ``node`` takes the ``second`` lock, or calls what takes it; ``statement`` is what does, ``other`` the function with
    the opposite order.
    """

    on_request = True

    first: str
    second: str
    statement: str
    other: str
    path: tuple[Waypoint, ...]


_CALLED = ("execute", "scalar", "scalars", "query", "get", "with_for_update")
"""What is called, somewhere, in a file that locks rows."""


class _Pair(NamedTuple):
    """Two locks of one transaction, in order, and the function that takes them."""

    first: Lock
    second: Lock
    scope: Scope


_Index = dict[tuple[str, str], list[_Pair]]
"""Pairs by their tables."""


class Ordering:
    """Observes orders that contradict each other; reads the files of a package that lock rows, once."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.locks = Locks(ev)
        self._of_package: dict[str, _Index] = {}
        self._of_module: dict[str, _Index] = {}
        self._may_lock: dict[str, bool] = {}

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The transactions in ``scope`` whose order another one of the project contradicts; each pair of tables and each
        second lock once.

        Of two that contradict each other, the later one is reported: the second in its file, or of the second file.
        """
        told: set[object] = set()
        for pair in self._pairs(scope):
            tables = (pair.first.table, pair.second.table)
            if not told.isdisjoint((frozenset(tables), pair.second.node)):
                continue
            opposite = self._opposite((tables[1], tables[0]), scope.module)
            other = next((one for one in opposite if _place(one) <= _place(pair) and one.scope is not scope), None)
            if other is not None:
                told |= {frozenset(tables), pair.second.node}
                yield self._observation(pair, other, scope)

    def _observation(self, pair: _Pair, other: _Pair, scope: Scope) -> Observation:
        path = []
        for one in (pair, other):
            for number, lock in enumerate((one.first, one.second)):
                what: What = "locks-then" if number else "locks-first"
                about = (one.scope.qualified_name, lock.table)
                path.append(waypoint(what, lock.node, lock.scope.module, *about))
        node = pair.second.node if pair.second.scope is scope else self._call_in(pair, scope)
        return LockOrder(
            node,
            scope.qualified_name,
            may_await(node, scope),
            pair.first.table,
            pair.second.table,
            text_of(pair.second.node, pair.second.scope),
            other.scope.qualified_name,
            tuple(path),
        )

    def _call_in(self, pair: _Pair, scope: Scope) -> ast.Call:
        """The call of a function's own that leads to the second lock."""
        for call in sorted(scope.calls, key=lambda one: (one.lineno, one.col_offset)):
            if any(lock.node is pair.second.node for lock in self.locks.by_helper(call, scope)):
                return call
        return scope.calls[0]

    def _pairs(self, scope: Scope) -> Iterator[_Pair]:
        for locks in self.locks.transactions(scope):
            for first, second in itertools.combinations(locks, 2):
                if first.scope is not second.scope or not exclude_each_other(first.node, second.node):
                    yield _Pair(first, second, scope)

    def _opposite(self, tables: tuple[str, str], near: Module) -> list[_Pair]:
        """The pairs of these tables in a package, and in the module at hand, wherever the package is looked for."""
        root = self.ev.project.root_of(near)
        locking = self._locking(near)
        if root not in self._of_package:
            index: _Index = {}
            for path in locking:
                module = self.ev.project.module(path)
                for key, pairs in self._in(module).items() if module is not None else ():
                    index.setdefault(key, []).extend(pairs)
            self._of_package[root] = index
        found = [one for one in self._of_package[root].get(tables, ()) if one.scope.module is not near]
        return sorted([*found, *self._in(near).get(tables, ())], key=_place)

    def _locking(self, near: Module) -> list[str]:
        """The files of a package that may lock rows. It is asked for each pair, and each file is searched once."""
        found: dict[str, bytes] = {}
        for name in _CALLED:
            found.update(self.ev.project.calling(name, near))
        for path, data in found.items():
            if path not in self._may_lock:
                self._may_lock[path] = WORDS.search(data) is not None
        return sorted(path for path in found if self._may_lock[path])

    def _in(self, module: Module) -> _Index:
        """The pairs of all functions of a module."""
        found = self._of_module.get(module.path)
        if found is None:
            found = self._of_module[module.path] = {}
            for scope in module.scope.descendants():
                for pair in self._pairs(scope):
                    found.setdefault((pair.first.table, pair.second.table), []).append(pair)
        return found


def _place(pair: _Pair) -> tuple[str, int]:
    return (pair.scope.module.path, getattr(pair.scope.node, "lineno", 0))


DETECTOR = Detector("ordering", lambda services: Ordering(services.evaluator).observe, on_request=True)
