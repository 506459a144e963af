"""The eyes on pools of SQLAlchemy, by its events; those of asynchronous engines have the same."""

from __future__ import annotations

from math import inf
from time import perf_counter
from types import FunctionType
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool, QueuePool
from sqlalchemy.pool.base import _ConnectionFairy

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present


class _Listeners:
    """What is told by events, until it is closed."""

    def __init__(self) -> None:
        self._listening: list[tuple[Any, str, Any]] = []

    def listen(self, target: Any, checkout: Any, checkin: Any) -> None:
        """Listen to a pool, or to all."""
        for name, listener in (("checkout", checkout), ("checkin", checkin), ("detach", checkin)):
            self.listen_to(target, name, listener)

    def listen_to(self, target: Any, name: str, listener: Any) -> None:
        """Listen to one event."""
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
    """Sees what is out of some pools, and of those that take the place of one of them, as after ``Engine.dispose()``.

    The events of a pool take as long as all that is done in them. So two methods of its own, which do nothing but call one
    other function, have ours in their place, which call that as well; where a pool is another than those that are known, it
    is watched by its events.
    """

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._listeners = _Listeners()
        self._patches = Patches()
        found = [getattr(one, "pool", one) for one in owners]
        try:
            for pool in {id(one): one for one in found if isinstance(one, Pool)}.values():
                self._look(pool, is_new=True)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._listeners.close()
        self._patches.undo()

    def _look(self, pool: Any, is_new: bool) -> None:
        """Watch a pool. One that is not new takes the place of another, and has its listeners."""
        end = self._present.giving()
        is_plain = is_known(pool)
        if is_plain:
            self._patches.put(pool, "connect", self._connecting(pool))
            put = vars(pool).get("_return_conn", pool._do_return_conn)
            self._patches.put(pool, "_return_conn", self._present.giving(put))
        elif isinstance(pool, QueuePool):
            self._patches.put(pool, "_do_get", self._timed(pool))
        if is_new:
            begin, entries, stack = self._present.taking(), self._present.entries, self._present.stack

            def checkout(_: object, record: Any, __: object) -> None:
                below = entries.get(record)  # a static pool has one that may be out several times
                begin(record, record.fairy_ref)
                if below is not None:
                    stack(record, below)

            def gone(_: object, record: Any) -> None:
                end(record)

            if not is_plain:
                self._listeners.listen(pool, checkout, gone)
            else:
                self._listeners.listen_to(pool, "detach", gone)
        self._patches.put(pool, "recreate", self._recreating(pool))

    def _connecting(self, pool: Any) -> Any:
        connect = vars(pool).get("connect")
        check_out: Any = _ConnectionFairy._checkout if connect is None else lambda _: connect()
        most = pool._max_overflow if pool._max_overflow > -1 else inf
        present = self._present
        begin = present.taking(pool._is_asyncio)

        def connecting() -> Any:
            nonlocal most
            if pool._overflow >= most:
                most = inf
                if present.is_open:
                    self._patches.put(pool, "_do_get", self._timed(pool))
            fairy = check_out(pool)
            try:
                record = fairy._connection_record
                begin(record, record.fairy_ref)
            except Exception:
                present.fail()
            return fairy

        return connecting

    def _recreating(self, pool: Any) -> Any:
        recreate = pool.recreate

        def recreating() -> Any:
            other = recreate()
            if self._present.is_open:
                try:
                    self._look(other, is_new=False)
                except Exception:
                    self._present.fail()
            return other

        return recreating

    def _timed(self, pool: Any) -> Any:
        present = self._present
        get = pool._do_get

        def timed() -> Any:
            try:
                is_empty = pool._overflow >= pool._max_overflow > -1 and not pool._pool.qsize()
            except Exception:
                is_empty = False
            if not is_empty:
                return get()
            begun = perf_counter()
            try:
                return get()
            finally:
                present.wait(perf_counter() - begun)

        return timed


def is_known(pool: Any) -> bool:
    """Whether a pool has the methods that ours can take the place of."""
    cls = type(pool)
    return (
        cls in (QueuePool, AsyncAdaptedQueuePool)
        # What somebody has wrapped may still show the code of what is in it.
        and isinstance(Pool.connect, FunctionType)
        and isinstance(Pool._return_conn, FunctionType)
        and cls.connect is Pool.connect
        and cls._return_conn is Pool._return_conn
        and Pool.connect.__code__.co_names == ("_ConnectionFairy", "_checkout")
        and Pool._return_conn.__code__.co_names == ("_do_return_conn",)
        and hasattr(pool, "_overflow")
        and hasattr(pool, "_max_overflow")
    )


def _label(pool: Any) -> str:
    dialect = getattr(pool, "_dialect", None)
    driver = f"{dialect.name}+{dialect.driver}" if dialect is not None and hasattr(dialect, "driver") else ""
    return f"{type(pool).__name__} of {driver or 'SQLAlchemy'}"


EYE = SQLAlchemyEye
GLANCE = SQLAlchemyGlance
