"""The eyes on pools of psycopg_pool: what is taken by ``getconn()``, as ``connection()`` does, and given to ``putconn()``."""

from __future__ import annotations

import inspect
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

from psycopg_pool import AsyncConnectionPool, ConnectionPool

from poolint.runtime.eyes import Patches, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.runtime.holds import Book
    from poolint.runtime.present import Present


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
    """Sees what is out of some pools.

    Each connection that is given passes a check, and each that is given back another, which mostly do nothing: ours are in their
    place, so that a checkout calls no more functions than before. A pool that has other checks is watched by ``getconn()``
    and ``putconn()``. Who has to wait is an object of its own.
    """

    def __init__(self, present: Present, owners: tuple[object, ...]) -> None:
        self._present = present
        self._patches = Patches()
        self._known: list[Any] = []
        found = [one for one in owners if isinstance(one, (ConnectionPool, AsyncConnectionPool))]
        try:
            for pool in {id(one): one for one in found}.values():
                self._look(pool)
            for client in {client_of(one) for one in self._known}:
                is_async = inspect.iscoroutinefunction(client.wait)
                self._patches.wrap(client, "wait", self._wait_async if is_async else self._wait)
        except BaseException:
            self._patches.undo()
            raise

    def close(self) -> None:
        self._patches.undo()

    def _look(self, pool: Any) -> None:
        is_async = isinstance(pool, AsyncConnectionPool)
        if is_known(pool):
            self._known.append(pool)
            checking = self._checking_async if is_async else self._checking
            self._patches.put(pool, "_check_connection", checking(pool))
            self._patches.put(pool, "_check_pool_putconn", self._putting(pool))
        else:
            getting = self._getting_async if is_async else self._getting
            self._patches.put(pool, "getconn", getting(pool))
            self._patches.put(pool, "putconn", self._putting_back(pool))

    def _checking(self, pool: Any) -> Any:
        """In the place of ``_check_connection()``, which does nothing where the pool has no ``check``."""
        present = self._present
        begin, references, reference = present.taking(), present.references, present.reference
        check = pool._check_connection if pool._check or "_check_connection" in vars(pool) else None

        def _check_connection(connection: Any) -> None:
            if check is not None:
                check(connection)
            slot = id(connection)
            begin(slot, references.get(slot) or reference(connection))

        return _check_connection

    def _checking_async(self, pool: Any) -> Any:
        present = self._present
        begin, references, reference = present.taking(is_async=True), present.references, present.reference
        check = pool._check_connection if pool._check or "_check_connection" in vars(pool) else None

        async def _check_connection(connection: Any) -> None:
            if check is not None:
                await check(connection)
            slot = id(connection)
            begin(slot, references.get(slot) or reference(connection))

        return _check_connection

    def _putting(self, pool: Any) -> Any:
        """In the place of ``_check_pool_putconn()``, which raises where the connection is of another pool."""
        end, check = self._present.giving(), pool._check_pool_putconn
        is_first = "_check_pool_putconn" not in vars(pool)

        def _check_pool_putconn(connection: Any) -> None:
            if is_first and getattr(connection, "_pool", None) is pool:
                end(id(connection))
            else:
                check(connection)
                end(id(connection))

        return _check_pool_putconn

    def _getting(self, pool: Any) -> Any:
        get, present = pool.getconn, self._present
        begin = present.taking()

        def getconn(timeout: Any = None) -> Any:
            is_empty = not getattr(pool, "_pool", None)
            begun = perf_counter()
            try:
                connection = get(timeout)
            finally:
                if is_empty:
                    present.wait(perf_counter() - begun)
            begin(id(connection), present.reference(connection))
            return connection

        return getconn

    def _getting_async(self, pool: Any) -> Any:
        get, present = pool.getconn, self._present
        begin = present.taking(is_async=True)

        async def getconn(timeout: Any = None) -> Any:
            is_empty = not getattr(pool, "_pool", None)
            begun = perf_counter()
            try:
                connection = await get(timeout)
            finally:
                if is_empty:
                    present.wait(perf_counter() - begun)
            begin(id(connection), present.reference(connection))
            return connection

        return getconn

    def _putting_back(self, pool: Any) -> Any:
        put, end = pool.putconn, self._present.giving()

        def putconn(connection: Any) -> Any:
            end(id(connection))
            return put(connection)

        return putconn

    def _is_mine(self, client: Any) -> bool:
        try:
            return any(client in one._waiting for one in self._known)
        except Exception:
            return False

    def _wait(self, wait: Any) -> Any:
        present, is_mine = self._present, self._is_mine

        def wrapped(client: Any, timeout: Any) -> Any:
            if not is_mine(client):
                return wait(client, timeout)
            begun = perf_counter()
            try:
                return wait(client, timeout)
            finally:
                present.wait(perf_counter() - begun)

        return wrapped

    def _wait_async(self, wait: Any) -> Any:
        present, is_mine = self._present, self._is_mine

        async def wrapped(client: Any, timeout: Any) -> Any:
            if not is_mine(client):
                return await wait(client, timeout)
            begun = perf_counter()
            try:
                return await wait(client, timeout)
            finally:
                present.wait(perf_counter() - begun)

        return wrapped


def is_known(pool: Any) -> bool:
    """Whether a pool has the checks that ours can take the place of."""
    base: Any = AsyncConnectionPool if isinstance(pool, AsyncConnectionPool) else ConnectionPool
    names = ("getconn", "putconn", "_check_connection", "_check_pool_putconn")
    try:
        return (
            all(getattr(type(pool), one) is getattr(base, one) for one in names)
            and "_check_pool_putconn" in base.putconn.__code__.co_names
            and "_check_connection" in base._getconn_with_check_loop.__code__.co_names
            and callable(client_of(pool).wait)
            and pool._waiting is not None
        )
    except AttributeError:
        return False


def client_of(pool: Any) -> Any:
    """The class of those who wait for a pool."""
    base = AsyncConnectionPool if isinstance(pool, AsyncConnectionPool) else ConnectionPool
    return getattr(sys.modules[base.__module__], "WaitingClient")  # noqa: B009 not of the interface


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
