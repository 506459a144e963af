"""The eyes on pools of SQLAlchemy, by its events; those of asynchronous engines have the same."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import Pool, QueuePool

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present

_PATIENCE = 0.001
"""Seconds from which on somebody is said to have waited for a pool that has nothing left."""


class _Listeners:
    """What is told by events, until it is closed."""

    def __init__(self) -> None:
        self._listening: list[tuple[Any, str, Any]] = []

    def listen(self, target: Any, checkout: Any, checkin: Any) -> None:
        """Listen to a pool, or to all."""
        for name, listener in (("checkout", checkout), ("checkin", checkin), ("detach", checkin)):
            event.listen(target, name, listener)
            self._listening.append((target, name, listener))

    def close(self) -> None:
        for target, name, listener in self._listening:
            event.remove(target, name, listener)
        self._listening.clear()


class SQLAlchemyEye:
    """Sees all pools, and the queries."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._listeners = _Listeners()
        self._patches = Patches()
        self._listeners.listen(Pool, harmless(self._checkout), harmless(self._checkin))
        # Not by an event of engines: one of these makes SQLAlchemy look for listeners to all of them, which takes each
        # connection longer than all that is done here.
        self._patches.wrap(Connection, "_execute_context", self._query)

    def close(self) -> None:
        self._listeners.close()
        self._patches.undo()

    def _checkout(self, _: object, record: Any, proxy: Any) -> None:
        self._book.begin(record, _label(proxy._pool), proxy)

    def _checkin(self, _: object, record: Any) -> None:
        self._book.end(record)

    def _query(self, execute: Any) -> Any:
        book = self._book

        def _execute_context(connection: Any, *arguments: Any, **options: Any) -> Any:
            try:
                fairy = connection.connection
                hold = book.using(fairy._connection_record, fairy)
            except Exception:
                hold = None  # SQLAlchemy says itself what is wrong with a connection
            if hold is None:
                return execute(connection, *arguments, **options)
            try:
                return execute(connection, *arguments, **options)
            finally:
                hold.busy = None

        return _execute_context


class SQLAlchemyGlance:
    """Sees what is out of some pools. One that takes the place of another, as after ``Engine.dispose()``, has its listeners."""

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._owners = owners
        self._listeners = _Listeners()
        self._patches = Patches()
        begin, end = present.begin, present.end

        def checkout(_: object, record: Any, __: object) -> None:
            begin(record, record.fairy_ref)

        def checkin(_: object, record: Any) -> None:
            end(record)

        found = [getattr(one, "pool", one) for one in owners]
        pools = {id(one): one for one in found if isinstance(one, Pool)}
        for pool in pools.values():
            self._listeners.listen(pool, checkout, checkin)
        if pools:
            self._patches.wrap(QueuePool, "_do_get", self._timed)

    def close(self) -> None:
        self._listeners.close()
        self._patches.undo()

    def _is_mine(self, pool: object) -> bool:
        # An engine that was disposed of has another pool than before.
        return any(one is pool or getattr(one, "pool", None) is pool for one in self._owners)

    def _timed(self, get: Any) -> Any:
        present = self._present

        def _do_get(pool: Any) -> Any:
            try:
                is_full = pool._overflow >= pool._max_overflow > -1 and not pool._pool.qsize()
                is_empty = is_full and self._is_mine(pool)
            except Exception:
                is_empty = False
            if not is_empty:
                return get(pool)
            begun = perf_counter()
            try:
                return get(pool)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE:
                    present.wait(waited)

        return _do_get


def _label(pool: Any) -> str:
    dialect = getattr(pool, "_dialect", None)
    driver = f"{dialect.name}+{dialect.driver}" if dialect is not None and hasattr(dialect, "driver") else ""
    return f"{type(pool).__name__} of {driver or 'SQLAlchemy'}"


EYE = SQLAlchemyEye
GLANCE = SQLAlchemyGlance
