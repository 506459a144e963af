"""What is seen of each kind of pool, on the real libraries."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import StaticPool
from tests.postgres import running

from poolint.runtime.eyes import eyes
from poolint.runtime.holds import Book


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book()
    opened = eyes(book)
    opened.look()
    try:
        yield book
    finally:
        opened.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running() as directory:
        yield directory


def functions(book: Book) -> list[str]:
    """The innermost functions that have a connection at present."""
    return [one.place[0].function.rpartition(".")[2] for one in book.held()]


def test_a_connection_is_out_from_its_checkout_to_its_return(book: Book, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert functions(book) == ["test_a_connection_is_out_from_its_checkout_to_its_return"]
    assert not book.held()
    assert [one.how for one in book.longest] == ["released"]


def test_a_detached_connection_is_no_longer_of_the_pool(book: Book, tmp_path: Path) -> None:
    connection = create_engine(f"sqlite:///{tmp_path}/a.db").connect()
    connection.detach()
    assert not book.held()
    connection.close()


def test_what_the_collector_takes_back_is_told(book: Book, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    connection = engine.connect()
    assert len(book.held()) == 1
    del connection
    gc.collect()
    assert not book.held()
    assert [one.how for one in book.take_lost()] == ["collected"]


def test_the_one_connection_of_a_static_pool_may_be_out_twice(book: Book) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)

    def lost() -> object:
        return engine.connect()

    kept = lost()
    with engine.connect():
        assert len(book.held()) == 2
    assert functions(book) == ["lost"]
    del kept


def test_two_tasks_may_have_the_one_connection_of_a_static_pool(book: Book) -> None:
    """SQLite in memory has no other. A checkout that two of them use is still told."""

    async def work(*used: AsyncConnection) -> None:
        await asyncio.gather(*(one.execute(text("SELECT 1")) for one in used))

    async def both() -> list[bool]:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.connect() as first, engine.connect() as second:
            await work(first, second)
            own = bool(book.take_lost())
            await work(first, first)
        await engine.dispose()
        return [own, any(one.shared for one in book.take_lost())]

    assert asyncio.run(both()) == [False, True]


def test_what_is_watched_is_as_before_afterwards() -> None:
    methods = (asyncpg.Pool.close, ConnectionPool.getconn, AsyncConnectionPool.getconn)
    opened = eyes(Book())
    opened.look()
    assert ConnectionPool.getconn is not methods[1]
    opened.close()
    assert methods == (asyncpg.Pool.close, ConnectionPool.getconn, AsyncConnectionPool.getconn)


def test_pools_of_psycopg(book: Book, server: str) -> None:
    with ConnectionPool(f"host={server} user=postgres", min_size=1, open=True) as pool:
        with pool.connection() as connection:
            connection.execute("SELECT 1")
            assert functions(book) == ["test_pools_of_psycopg"]
        assert not book.held()
        kept = pool.getconn()
        assert len(book.held()) == 1
        pool.putconn(kept)
        assert not book.held()


def test_asynchronous_pools_of_psycopg(book: Book, server: str) -> None:
    async def work() -> None:
        async with AsyncConnectionPool(f"host={server} user=postgres", min_size=1, open=False) as pool:
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
                assert functions(book) == ["work"]
            assert not book.held()

    asyncio.run(work())


def test_pools_of_asyncpg(book: Book, server: str) -> None:
    async def work() -> None:
        async with asyncpg.create_pool(host=server, user="postgres", min_size=1) as pool:
            async with pool.acquire() as connection:
                await connection.execute("SELECT 1")
                assert functions(book) == ["work"]
            assert not book.held()
            await pool.acquire()

    asyncio.run(asyncio.wait_for(work(), 30))  # closing the pool does not wait for what nobody can give back
    assert [one.how for one in book.take_lost()] == ["closed"]


def test_a_place_has_the_row_of_its_call(book: Book, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    with (
        engine.connect(),
    ):
        [hold] = book.held()
    first = hold.place[0].code.co_firstlineno
    assert hold.place[0].row == first + 3


def test_queries_are_seen_without_events_of_engines(book: Book, tmp_path: Path) -> None:
    """Where an engine has one, each of its connections looks for listeners to all of them. A query that fails is over, too."""

    async def fail() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/a.db")
        assert not engine.sync_engine._has_events
        async with engine.connect() as connection:
            with pytest.raises(OperationalError):
                await connection.execute(text("nonsense"))
            [hold] = book.held()
            assert hold.busy is None
            await connection.execute(text("SELECT 1"))
            assert not book.lost
        await engine.dispose()

    asyncio.run(fail())
