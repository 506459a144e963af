"""The eyes on pools of asyncpg, which have no events: the holder of each connection is asked."""

from __future__ import annotations

import functools
from asyncio import LifoQueue, Queue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from asyncpg.pool import Pool, PoolConnectionHolder, PoolConnectionProxy  # type: ignore[import-untyped]

from poolint.runtime.eyes import Patches, harmless
from poolint.runtime.present import ALWAYS

if TYPE_CHECKING:
    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present

QUERIES = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval")


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
    """Sees what is out of some pools, by the queue in which each keeps the holders of its connections.

    What is taken out of that and put into it passes two methods that do hardly more than call another: ours are in their place,
    so that a checkout calls no more functions than before. A pool that has another queue is watched by its methods.
    """

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._patches = Patches()
        self._late: list[Any] = []
        """Pools that are not begun yet, and have no queue so far."""
        self._strange: list[Any] = []
        try:
            for pool in owners:
                if isinstance(pool, Pool):
                    self._look(pool)
            if self._late:
                self._patches.wrap(Pool, "_initialize", self._begun)
        except BaseException:
            self._patches.undo()
            raise

    def close(self) -> None:
        self._patches.undo()

    def _look(self, pool: Any) -> None:
        queue = pool._queue
        if queue is None:
            self._late.append(pool)
        elif is_known(queue):
            self._patches.put(queue, "get", self._getting(queue, pool._loop))
            put = vars(queue).get("_put", queue._queue.append)
            self._patches.put(queue, "_put", self._present.giving(put))
        else:
            if not self._strange:
                self._patches.wrap(PoolConnectionProxy, "__init__", self._made)
                self._patches.wrap(PoolConnectionHolder, "_release", self._release)
                self._patches.wrap(Pool, "_acquire", self._timed)
            self._strange.append(pool)

    def _begun(self, initialize: Any) -> Any:
        async def wrapped(pool: Any) -> Any:
            result = await initialize(pool)
            if pool in self._late and pool._queue is not None:
                try:
                    self._late.remove(pool)
                    if self._present.is_open:
                        self._look(pool)
                except Exception:
                    self._present.fail()
            return result

        return wrapped

    def _getting(self, queue: Any, loop: Any) -> Any:
        """In the place of ``Queue.get()``, which takes what is there by ``get_nowait()``, and else waits."""
        present = self._present
        begin = present.taking(is_async=True, loop=loop)
        free, take, wait_and_take = queue._queue, queue.get_nowait, queue.get

        async def get() -> Any:
            if free:
                holder = take()
            else:
                begun = perf_counter()
                try:
                    holder = await wait_and_take()
                finally:
                    present.wait(perf_counter() - begun)
            begin(holder, ALWAYS)
            return holder

        return get

    def _made(self, make: Any) -> Any:
        pools, begin = self._strange, self._present.taking(is_async=True)

        def wrapped(proxy: Any, holder: Any, connection: Any) -> None:
            make(proxy, holder, connection)
            if holder._pool in pools:
                begin(holder, ALWAYS)

        return wrapped

    def _release(self, release: Any) -> Any:
        end = self._present.giving()

        def wrapped(holder: Any) -> Any:
            end(holder)
            return release(holder)

        return wrapped

    def _timed(self, acquire: Any) -> Any:
        present, pools = self._present, self._strange

        def wrapped(pool: Any, timeout: Any) -> Any:
            try:
                is_empty = pool in pools and pool._queue.empty()
            except Exception:
                is_empty = False
            return waited_for(pool, timeout) if is_empty else acquire(pool, timeout)

        async def waited_for(pool: Any, timeout: Any) -> Any:
            begun = perf_counter()
            try:
                return await acquire(pool, timeout)
            finally:
                present.wait(perf_counter() - begun)

        return wrapped


def is_known(queue: Any) -> bool:
    """Whether a queue has the methods that ours can take the place of."""
    cls = type(queue)
    if not isinstance(queue, LifoQueue):
        return False
    return isinstance(getattr(queue, "_queue", None), list) and (cls.get, cls.get_nowait, cls.put_nowait, cls._put) == (
        Queue.get,
        Queue.get_nowait,
        Queue.put_nowait,
        LifoQueue._put,
    )


EYE = AsyncpgEye
GLANCE = AsyncpgGlance
