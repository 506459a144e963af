import asyncio
from collections.abc import AsyncIterator

import asyncpg


class UnknownAccount(Exception):
    pass


class Ledger:
    def __init__(self, pool: asyncpg.Pool, table: str) -> None:
        self.pool = pool
        self.table = table

    async def count(self) -> int:
        connection = await self.pool.acquire()  # leak: never
        return await connection.fetchval(f"SELECT count(*) FROM {self.table}")

    async def balance(self, account: int) -> int:
        connection = await self.pool.acquire()  # leak: exception
        found = await connection.fetchval(f"SELECT sum(amount) FROM {self.table} WHERE account = $1", account)
        if found is None:
            raise UnknownAccount(account)
        await self.pool.release(connection)
        return found

    async def book(self, account: int, amount: int, approved: asyncio.Event) -> None:
        connection = await self.pool.acquire()  # leak: cancellation
        try:
            await connection.execute(f"INSERT INTO {self.table} VALUES ($1, $2)", account, amount)
            await approved.wait()
        except Exception:
            await self.pool.release(connection)
            raise
        await self.pool.release(connection)

    async def each(self) -> AsyncIterator[int]:
        async with self.pool.acquire() as connection:  # leak: generator
            for row in await connection.fetch(f"SELECT amount FROM {self.table} ORDER BY amount"):
                yield row["amount"]

    async def smallest(self) -> int:
        async for amount in self.each():
            return amount
        return 0

    async def balances(self, accounts: list[int]) -> list[int]:
        async with self.pool.acquire() as connection:  # leak: shared
            found = await asyncio.gather(*(self._sum(connection, one) for one in accounts), return_exceptions=True)
        return [one for one in found if isinstance(one, int)]

    async def _sum(self, connection: asyncpg.Connection, account: int) -> int:
        return await connection.fetchval(f"SELECT sum(amount) FROM {self.table} WHERE account = $1", account)
