import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from .db import Order


class UnknownCustomer(Exception):
    pass


class Orders:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions

    async def count(self) -> int:
        async with self.sessions() as session:
            return await session.scalar(select(func.count(Order.id))) or 0

    async def latest(self, customer: int) -> Order:
        async with self.sessions() as session:
            found = await session.scalar(select(Order).where(Order.customer == customer))
            if found is None:
                raise UnknownCustomer(customer)
            return found

    async def charge(self, customer: int, paid: asyncio.Event) -> int:
        async with self.sessions() as session:
            amount = await session.scalar(select(func.sum(Order.amount)).where(Order.customer == customer))
        await paid.wait()
        return amount or 0

    async def each(self) -> AsyncIterator[Order]:
        async with self.sessions() as session:
            for order in await session.scalars(select(Order)):
                yield order

    async def first(self) -> Order | None:
        async with aclosing(self.each()) as orders:
            async for order in orders:
                return order
        return None

    async def totals(self, customers: list[int]) -> list[int]:
        return await asyncio.gather(*(self._total(one) for one in customers))

    async def _total(self, customer: int) -> int:
        async with self.sessions() as session:
            return await session.scalar(select(func.sum(Order.amount)).where(Order.customer == customer)) or 0
