"""The eyes on pools of asyncpg, which have no events: the holder of each connection is asked."""

from __future__ import annotations

import functools
from time import perf_counter
from typing import TYPE_CHECKING, Any

from asyncpg.pool import Pool, PoolConnectionHolder, PoolConnectionProxy  # type: ignore[import-untyped]

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present

QUERIES = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval")
_PATIENCE = 0.001


class AsyncpgEye:
    """Sees all pools, and the queries."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._patches = Patches()
        self._out, self._back = harmless(self._begun), harmless(book.end)
        try:
            self._patches.wrap(PoolConnectionProxy, "__init__", self._made)
            self._patches.wrap(PoolConnectionHolder, "_release", self._release)
            self._patches.wrap(Pool, "close", self._close)
            self._patches.wrap(Pool, "terminate", self._terminate)
            for name in QUERIES:
                if hasattr(PoolConnectionProxy, name):
                    self._patches.wrap(PoolConnectionProxy, name, self._query)
        except BaseException:
            self._patches.undo()
            raise

    def close(self) -> None:
        self._patches.undo()

    def _begun(self, holder: Any) -> None:
        self._book.begin(holder, "Pool of asyncpg")

    def _made(self, make: Any) -> Any:
        """A connection is checked out where its holder makes a proxy for it. Nothing is awaited for our sake."""
        out = self._out

        def wrapped(proxy: Any, holder: Any, connection: Any) -> None:
            make(proxy, holder, connection)
            out(holder)

        return wrapped

    def _release(self, release: Any) -> Any:
        back = self._back

        def wrapped(holder: Any) -> Any:
            back(holder)
            return release(holder)

        return wrapped

    def _query(self, query: Any) -> Any:
        book = self._book

        @functools.wraps(query)
        async def wrapped(proxy: Any, *arguments: Any, **options: Any) -> Any:
            try:
                hold = book.using(proxy._holder)
            except Exception:
                hold = None
            try:
                return await query(proxy, *arguments, **options)
            finally:
                if hold is not None:
                    hold.busy = None

        return wrapped

    def _close(self, close: Any) -> Any:
        """``Pool.close()`` waits for all connections: for one that nobody can give back any more, without end."""
        book = self._book

        @harmless
        def strand(pool: Any) -> None:
            for holder in pool._holders:
                if book.is_stranded(holder):
                    book.end(holder, "closed")
                    holder.terminate()

        async def wrapped(pool: Any) -> Any:
            strand(pool)
            return await close(pool)

        return wrapped

    def _terminate(self, terminate: Any) -> Any:
        book = self._book

        @harmless
        def strand(pool: Any) -> None:
            for holder in pool._holders:
                book.end(holder, "closed")

        def wrapped(pool: Any) -> Any:
            strand(pool)
            return terminate(pool)

        return wrapped


class AsyncpgGlance:
    """Sees what is out of some pools."""

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._pools = tuple(one for one in owners if isinstance(one, Pool))
        self._patches = Patches()
        if not self._pools:
            return
        try:
            self._patches.wrap(PoolConnectionProxy, "__init__", self._made)
            self._patches.wrap(PoolConnectionHolder, "_release", self._release)
            self._patches.wrap(Pool, "_acquire", self._timed)
        except BaseException:
            self._patches.undo()
            raise

    def close(self) -> None:
        self._patches.undo()

    def _made(self, make: Any) -> Any:
        pools, begin = self._pools, self._present.begin

        def wrapped(proxy: Any, holder: Any, connection: Any) -> None:
            make(proxy, holder, connection)
            if holder._pool in pools:
                begin(holder)

        return wrapped

    def _release(self, release: Any) -> Any:
        end = self._present.end

        def wrapped(holder: Any) -> Any:
            end(holder)
            return release(holder)

        return wrapped

    def _timed(self, acquire: Any) -> Any:
        present, pools = self._present, self._pools

        def wrapped(pool: Any, timeout: Any) -> Any:
            try:
                is_empty = pool._queue.empty() and pool in pools
            except Exception:
                is_empty = False
            return waited_for(pool, timeout) if is_empty else acquire(pool, timeout)

        async def waited_for(pool: Any, timeout: Any) -> Any:
            begun = perf_counter()
            try:
                return await acquire(pool, timeout)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE:
                    present.wait(waited)

        return wrapped


EYE = AsyncpgEye
GLANCE = AsyncpgGlance
