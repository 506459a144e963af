"""The eye on pools of psycopg_pool: what is taken by ``getconn()``, as ``connection()`` does, and given to ``putconn()``."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from psycopg_pool import AsyncConnectionPool, ConnectionPool

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.runtime.holds import Book

_PATIENCE = 0.001


class PsycopgEye:
    """Watches the pools for which ``wants`` answers yes, all without it."""

    def __init__(self, book: Book, wants: Callable[[object], bool] | None) -> None:
        self._book = book
        self._wants = wants
        self._patches = Patches()
        self._out, self._back, self._late = harmless(self._begun), harmless(book.end), harmless(self._waited)
        try:
            self._patches.wrap(ConnectionPool, "getconn", self._get)
            self._patches.wrap(ConnectionPool, "_putconn", self._put)
            self._patches.wrap(AsyncConnectionPool, "getconn", self._get_async)
            self._patches.wrap(AsyncConnectionPool, "_putconn", self._put)
        except BaseException:
            self._patches.undo()
            raise

    def close(self) -> None:
        self._patches.undo()

    def _begun(self, pool: Any, connection: Any) -> None:
        if self._wants is None or self._wants(pool):
            # Whoever wants some of the pools knows what they are called.
            name = f"{type(pool).__name__} {pool.name!r}" if self._wants is None else ""
            self._book.begin(connection, name, connection)

    def _waited(self, pool: Any, waited: float) -> None:
        if self._wants is None or self._wants(pool):
            self._book.wait(waited)

    def _get(self, get: Any) -> Any:
        out, late = self._out, self._late

        def wrapped(pool: Any, timeout: Any = None) -> Any:
            begun = perf_counter()
            try:
                connection = get(pool, timeout)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE:
                    late(pool, waited)
            out(pool, connection)
            return connection

        return wrapped

    def _get_async(self, get: Any) -> Any:
        out, late = self._out, self._late

        async def wrapped(pool: Any, timeout: Any = None) -> Any:
            begun = perf_counter()
            try:
                connection = await get(pool, timeout)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE:
                    late(pool, waited)
            out(pool, connection)
            return connection

        return wrapped

    def _put(self, put: Any) -> Any:
        back = self._back

        def wrapped(pool: Any, connection: Any, from_getconn: bool) -> Any:
            back(connection)
            return put(pool, connection, from_getconn)

        return wrapped


EYE = PsycopgEye
