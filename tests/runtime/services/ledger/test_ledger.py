import asyncio
import os
from collections.abc import Awaitable, Callable
from importlib import import_module

import asyncpg
import pytest

service = import_module(f"app.{os.environ['SERVICE']}")


def run(work: Callable[[object], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncpg.create_pool(host=os.environ["PGHOST"], user="postgres", min_size=1, max_size=4) as pool:
            table = f"entries_{os.getpid()}"
            async with pool.acquire() as connection:
                await connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (account int, amount int)")
                await connection.execute(f"TRUNCATE {table}")
                rows = [(one % 3, one) for one in range(9)]
                await connection.executemany(f"INSERT INTO {table} VALUES ($1, $2)", rows)
            await work(service.Ledger(pool, table))

    asyncio.run(whole())


def test_never() -> None:
    async def work(ledger) -> None:
        assert await ledger.count() == 9

    run(work)


def test_exception() -> None:
    async def work(ledger) -> None:
        with pytest.raises(service.UnknownAccount):
            await ledger.balance(7)

    run(work)


def test_cancellation() -> None:
    async def work(ledger) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ledger.book(1, 5, asyncio.Event()), 0.05)

    run(work)


def test_generator() -> None:
    async def work(ledger) -> None:
        assert await ledger.smallest() == 0

    run(work)


def test_shared() -> None:
    async def work(ledger) -> None:
        assert 9 in await ledger.balances([0, 1])

    run(work)


def test_right() -> None:
    async def work(ledger) -> None:
        assert await ledger.balance(1) == 12

    run(work)
