"""The eye on pools of SQLAlchemy, by its events; those of asynchronous engines have the same."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import Pool, QueuePool

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.runtime.holds import Book

_PATIENCE = 0.001
"""Seconds from which on somebody is said to have waited for a pool that has nothing left."""


class SQLAlchemyEye:
    """Watches the pools for which ``wants`` answers yes, all without it; queries are looked at for all alone."""

    def __init__(self, book: Book, wants: Callable[[object], bool] | None) -> None:
        self._book = book
        self._wants = wants
        self._out = harmless(self._checkout)
        self._back = harmless(self._checkin)
        self._listening: list[tuple[Any, str, Any]] = []
        self._patches = Patches()
        self._listen(Pool, "checkout", self._out)
        self._listen(Pool, "checkin", self._back)
        self._listen(Pool, "detach", self._back)
        if wants is None:
            # Not by an event of engines: one of these makes SQLAlchemy look for listeners to all of them, which takes each
            # connection longer than all that is done here.
            self._patches.wrap(Connection, "_execute_context", self._query)
        else:
            self._patches.wrap(QueuePool, "_do_get", self._timed)

    def _listen(self, target: Any, name: str, listener: Any) -> None:
        event.listen(target, name, listener)
        self._listening.append((target, name, listener))

    def close(self) -> None:
        for target, name, listener in self._listening:
            event.remove(target, name, listener)
        self._listening.clear()
        self._patches.undo()

    def _checkout(self, _: object, record: Any, proxy: Any) -> None:
        pool = proxy._pool
        if self._wants is None or self._wants(pool):
            # Whoever wants some of the pools knows what they are called.
            self._book.begin(record, _label(pool) if self._wants is None else "", proxy)

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

    def _timed(self, get: Any) -> Any:
        book, wants = self._book, self._wants

        def _do_get(pool: Any) -> Any:
            try:
                is_full = pool._overflow >= pool._max_overflow > -1 and not pool._pool.qsize()
                is_empty = is_full and wants is not None and wants(pool)
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
                    book.wait(waited)

        return _do_get


def _label(pool: Any) -> str:
    dialect = getattr(pool, "_dialect", None)
    driver = f"{dialect.name}+{dialect.driver}" if dialect is not None and hasattr(dialect, "driver") else ""
    return f"{type(pool).__name__} of {driver or 'SQLAlchemy'}"


EYE = SQLAlchemyEye
