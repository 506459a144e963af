"""What ``poolint.runtime.watch`` sees of the pools of drivers, by both ways: by what these are known to have, and without."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator

import asyncpg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool, NullConnectionPool, PoolTimeout
from psycopg_pool.pool import WaitingClient
from tests.postgres import running

import poolint.runtime.asyncpg
import poolint.runtime.psycopg
from poolint.runtime import watch


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running() as directory:
        yield directory


@pytest.fixture(params=[True, False], ids=["known", "unknown"], autouse=True)
def is_known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the pools are known."""
    if not request.param:
        for module in (poolint.runtime.asyncpg, poolint.runtime.psycopg):
            monkeypatch.setattr(module, "is_known", lambda _: False)
    return bool(request.param)


@pytest.mark.parametrize("is_early", [False, True])
def test_pools_of_asyncpg(server: str, is_known: bool, is_early: bool) -> None:
    """Also one that is watched before it is begun."""

    async def work() -> None:
        pool = asyncpg.create_pool(host=server, user="postgres", min_size=1, max_size=1)
        if not is_early:
            await pool
        methods = (asyncpg.Pool._initialize, asyncpg.Pool._acquire)
        with watch(pool, metrics=False) as watched:
            await pool
            assert ("get" in vars(pool._queue)) is is_known
            for _ in range(2):
                async with pool.acquire() as connection:
                    await connection.fetchval("SELECT 1")
                    now = watched.state()
                    assert now.out == 1
                    assert now.place.endswith("work)") or now.place.endswith("work")
                    assert now.by.startswith("task 'Task-")
                    with pytest.raises(asyncio.TimeoutError):
                        await asyncio.wait_for(pool.fetchval("SELECT 1"), 0.05)
                assert watched.state().out == 0
            assert watched.state().waits == 2
            assert watched.state().waited >= 0.04
            kept = await pool.acquire()
            pool.terminate()
            assert watched.state().out == 0
            del kept
        assert not {"get", "_put"} & vars(pool._queue).keys()
        assert methods == (asyncpg.Pool._initialize, asyncpg.Pool._acquire)

    asyncio.run(asyncio.wait_for(work(), 30))


def test_a_connection_that_cannot_be_made_is_not_out(server: str) -> None:
    async def work() -> None:
        pool = asyncpg.create_pool(host=server, user="postgres", min_size=0, max_size=1)
        await pool
        with watch(pool, metrics=False) as watched:
            pool.set_connect_args(host=server, user="nobody at all")
            for _ in range(2):
                with pytest.raises(asyncpg.PostgresError):
                    await pool.acquire()
                assert watched.state().out == 0
        await pool.close()

    asyncio.run(asyncio.wait_for(work(), 30))


def test_pools_of_psycopg(server: str, is_known: bool) -> None:
    wait = WaitingClient.wait
    with ConnectionPool(f"host={server} user=postgres", min_size=1, max_size=1, open=True, timeout=5) as pool:
        pool.wait()
        before = vars(pool).keys() - {"_opened"}
        with watch(pool, metrics=False) as watched:
            assert ("_check_connection" in vars(pool)) is is_known
            for _ in range(2):
                with pool.connection() as connection:
                    connection.execute("SELECT 1")
                    now = watched.state()
                    assert now.out == 1
                    assert now.place.endswith("(test_pools_of_psycopg)")
                    assert now.by == "thread 'MainThread'"
                    with pytest.raises(PoolTimeout):
                        pool.getconn(0.05)
                assert watched.state().out == 0
            assert watched.state().waits == 2
            assert watched.state().waited >= 0.04
            kept = pool.getconn()
            with pytest.raises(ValueError, match="can't return connection"):
                ConnectionPool(f"host={server} user=postgres", min_size=0, max_size=1, open=False).putconn(kept)
            assert watched.state().out == 1
            pool.putconn(kept)
            assert watched.state().out == 0
        assert vars(pool).keys() - {"_opened"} == before
        assert WaitingClient.wait is wait


def test_asynchronous_pools_of_psycopg(server: str, is_known: bool) -> None:
    async def work() -> None:
        async with AsyncConnectionPool(
            f"host={server} user=postgres",
            min_size=1,
            max_size=1,
            open=False,
            check=AsyncConnectionPool.check_connection,
        ) as pool:
            await pool.wait()
            with watch(pool, metrics=False) as watched:
                assert ("_check_connection" in vars(pool)) is is_known
                for _ in range(2):
                    async with pool.connection() as connection:
                        await connection.execute("SELECT 1")
                        now = watched.state()
                        assert now.out == 1
                        assert now.place.endswith("work)") or now.place.endswith("work")
                        assert now.by.startswith("task 'Task-")
                        with pytest.raises(PoolTimeout):
                            await pool.getconn(0.05)
                    assert watched.state().out == 0
                assert watched.state().waits == 2

    asyncio.run(asyncio.wait_for(work(), 30))


def test_what_the_collector_takes_is_told(server: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "poolint.runtime")
    with ConnectionPool(f"host={server} user=postgres", min_size=1, open=True) as pool:
        pool.wait()
        with watch(pool, metrics=False) as watched:
            kept = pool.getconn()
            del kept
            gc.collect()
            assert watched.state().out == 0
    [told] = [one.getMessage() for one in caplog.records if one.name == "poolint.runtime"]
    assert "nobody gave back the connection that thread 'MainThread' took at " in told


def test_what_a_pool_closes_instead_of_keeping_it_was_given_back(server: str, caplog: pytest.LogCaptureFixture) -> None:
    with NullConnectionPool(f"host={server} user=postgres", open=True) as pool, watch(pool, metrics=False) as watched:
        with pool.connection():
            assert watched.state().out == 1
        assert watched.state().out == 0
        gc.collect()
    assert not [one for one in caplog.records if one.name == "poolint.runtime"]
