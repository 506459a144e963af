"""The eyes on pools of psycopg_pool: what is taken by ``getconn()``, as ``connection()`` does, and given to ``putconn()``."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from psycopg_pool import AsyncConnectionPool, ConnectionPool

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present

_PATIENCE = 0.001


class PsycopgEye:
    """Sees all pools."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._patches = Patches()
        _wrap(self._patches, self._get, self._get_async, _putting(harmless(book.end)))

    def close(self) -> None:
        self._patches.undo()

    def _begun(self, pool: Any, connection: Any) -> None:
        self._book.begin(connection, f"{type(pool).__name__} {pool.name!r}", connection)

    def _get(self, get: Any) -> Any:
        out = harmless(self._begun)

        def wrapped(pool: Any, timeout: Any = None) -> Any:
            connection = get(pool, timeout)
            out(pool, connection)
            return connection

        return wrapped

    def _get_async(self, get: Any) -> Any:
        out = harmless(self._begun)

        async def wrapped(pool: Any, timeout: Any = None) -> Any:
            connection = await get(pool, timeout)
            out(pool, connection)
            return connection

        return wrapped


class PsycopgGlance:
    """Sees what is out of some pools."""

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._pools = tuple(one for one in owners if isinstance(one, (ConnectionPool, AsyncConnectionPool)))
        self._patches = Patches()
        if self._pools:
            _wrap(self._patches, self._get, self._get_async, _putting(present.end))

    def close(self) -> None:
        self._patches.undo()

    def _get(self, get: Any) -> Any:
        pools, present = self._pools, self._present
        begin, reference = present.begin, present.reference

        def wrapped(pool: Any, timeout: Any = None) -> Any:
            if pool not in pools:
                return get(pool, timeout)
            begun = perf_counter()
            try:
                connection = get(pool, timeout)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE:
                    present.wait(waited)
            begin(connection, reference(connection))
            return connection

        return wrapped

    def _get_async(self, get: Any) -> Any:
        pools, present = self._pools, self._present
        begin, reference = present.begin, present.reference

        async def wrapped(pool: Any, timeout: Any = None) -> Any:
            begun = perf_counter()
            try:
                connection = await get(pool, timeout)
            finally:
                waited = perf_counter() - begun
                if waited > _PATIENCE and pool in pools:
                    present.wait(waited)
            if pool in pools:
                begin(connection, reference(connection))
            return connection

        return wrapped


def _wrap(
    patches: Patches, get: Callable[[Any], Any], get_async: Callable[[Any], Any], put: Callable[[Any], Any]
) -> None:
    try:
        patches.wrap(ConnectionPool, "getconn", get)
        patches.wrap(ConnectionPool, "_putconn", put)
        patches.wrap(AsyncConnectionPool, "getconn", get_async)
        patches.wrap(AsyncConnectionPool, "_putconn", put)
    except BaseException:
        patches.undo()
        raise


def _putting(back: Callable[[Any], None]) -> Callable[[Any], Any]:
    def wrapper(put: Any) -> Any:
        def wrapped(pool: Any, connection: Any, from_getconn: bool) -> Any:
            back(connection)
            return put(pool, connection, from_getconn)

        return wrapped

    return wrapper


EYE = PsycopgEye
GLANCE = PsycopgGlance
