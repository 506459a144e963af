import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import asyncpg


class UnknownAccount(Exception):
    pass


class Ledger:
    def __init__(self, pool: asyncpg.Pool, table: str) -> None:
        self.pool = pool
        self.table = table

    async def count(self) -> int:
        async with self.pool.acquire() as connection:
            return await connection.fetchval(f"SELECT count(*) FROM {self.table}")

    async def balance(self, account: int) -> int:
        found = await self.pool.fetchval(f"SELECT sum(amount) FROM {self.table} WHERE account = $1", account)
        if found is None:
            raise UnknownAccount(account)
        return found

    async def book(self, account: int, amount: int, approved: asyncio.Event) -> None:
        await approved.wait()
        async with self.pool.acquire() as connection:
            await connection.execute(f"INSERT INTO {self.table} VALUES ($1, $2)", account, amount)

    async def each(self) -> AsyncIterator[int]:
        async with self.pool.acquire() as connection:
            for row in await connection.fetch(f"SELECT amount FROM {self.table} ORDER BY amount"):
                yield row["amount"]

    async def smallest(self) -> int:
        async with aclosing(self.each()) as amounts:
            async for amount in amounts:
                return amount
        return 0

    async def balances(self, accounts: list[int]) -> list[int]:
        return await asyncio.gather(*(self._sum(one) for one in accounts))

    async def _sum(self, account: int) -> int:
        return await self.pool.fetchval(f"SELECT sum(amount) FROM {self.table} WHERE account = $1", account)
