"""What is claimed of the pools of asyncpg and psycopg_pool, seen on a real PostgreSQL; skipped where there is none."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout
from tests.postgres import running

Load = Callable[[str], Callable[..., Any]]
Seen = tuple["BaseException | None", bool]  # the error of a snippet, and whether nobody else gets a connection after it
Measure = Callable[..., Seen]

SHORT = 0.1
ASLEEP = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

pytestmark = pytest.mark.filterwarnings("ignore")  # that connections are lost here is the point


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of its own, as the directory of its socket."""
    with running() as directory:
        yield directory


async def _asleep(directory: str) -> None:
    """Wait until the snippet waits for ``pg_sleep``."""
    async with await psycopg.AsyncConnection.connect(host=directory, user="postgres", autocommit=True) as connection:
        while not (await connection.execute(ASLEEP)).rowcount:
            pass  # asking is waiting, too


async def _run(work: Callable[..., Any], pool: object, asleep_in: str | None) -> BaseException | None:
    """The error that ``work`` ends with, cancelled when it is asleep on that server."""
    try:
        value = work(pool)
        if asleep_in is not None:
            value = asyncio.ensure_future(value)
            await asyncio.wait_for(_asleep(asleep_in), 5)
            value.cancel()
        if inspect.isawaitable(value):
            await value
    except (Exception, asyncio.CancelledError) as error:
        return error.with_traceback(None)
    return None


async def _measure(work: Callable[..., Any], directory: str, cancelled: bool) -> Seen:
    (parameter,) = inspect.signature(work).parameters.values()
    url = f"host={directory} user=postgres"
    asleep_in = directory if cancelled else None
    if parameter.annotation is asyncpg.Pool:
        pool = await asyncpg.create_pool(host=directory, user="postgres", min_size=1, max_size=1)
        try:
            error = await _run(work, pool, asleep_in)
            try:
                await pool.release(await pool.acquire(timeout=SHORT))
            except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
                return error, True
            return error, False
        finally:
            pool.terminate()
    if parameter.annotation is AsyncConnectionPool:
        async with AsyncConnectionPool(url, min_size=1, max_size=1, open=False) as async_pool:
            await async_pool.wait()
            error = await _run(work, async_pool, asleep_in)
            try:
                async with async_pool.connection(timeout=SHORT):
                    return error, False
            except PoolTimeout:
                return error, True
    assert parameter.annotation is ConnectionPool
    with ConnectionPool(url, min_size=1, max_size=1, open=False) as sync_pool:
        sync_pool.wait()
        error = await _run(work, sync_pool, asleep_in)
        try:
            with sync_pool.connection(timeout=SHORT):
                return error, False
        except PoolTimeout:
            return error, True


@pytest.fixture
def starved(server: str, load: Load, no_collection: None) -> Measure:  # noqa: ARG001
    """Run the snippet of a name, and cancel it in its ``pg_sleep`` if that is wanted."""

    def measure(name: str, cancelled: bool = False) -> Seen:
        return asyncio.run(_measure(load(name), server, cancelled))

    return measure


@pytest.mark.parametrize(
    "name",
    ["POL211_psycopg_async_close", "POL211_psycopg_close", "POL215_psycopg", "POL215_psycopg_async"],
)
def test_closing_a_connection_of_psycopg_does_not_give_its_slot_back(starved: Measure, name: str) -> None:
    assert starved(f"{name}.bad") == (None, True)
    assert starved(f"{name}.good") == (None, False)


@pytest.mark.parametrize("name", ["POL203_asyncpg_own_query", "POL203_psycopg_own_query"])
def test_a_cancellation_inside_of_the_query_itself_leaks(starved: Measure, name: str) -> None:
    bad, good = starved(f"{name}.bad", cancelled=True), starved(f"{name}.good", cancelled=True)
    assert isinstance(bad[0], asyncio.CancelledError)
    assert isinstance(good[0], asyncio.CancelledError)
    assert (bad[1], good[1]) == (True, False)


def test_closing_a_connection_of_asyncpg_gives_its_slot_back(
    starved: Measure,
) -> None:
    assert starved("fine_asyncpg_connection_closed") == (None, False)


def test_a_second_loop_cannot_use_the_connections_of_the_first(
    server: str, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", server)
    load("POL303_two_loops.good")()
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        load("POL303_two_loops.bad")()
