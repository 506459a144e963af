import asyncio
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from .db import Order


class UnknownCustomer(Exception):
    pass


class Orders:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions

    async def count(self) -> int:
        session = self.sessions()
        found = await session.scalar(select(func.count(Order.id)))  # leak: never
        return found or 0

    async def latest(self, customer: int) -> Order:
        session = self.sessions()
        found = await session.scalar(select(Order).where(Order.customer == customer))  # leak: exception
        if found is None:
            raise UnknownCustomer(customer)
        await session.close()
        return found

    async def charge(self, customer: int, paid: asyncio.Event) -> int:
        session = self.sessions()
        try:
            amount = await session.scalar(  # leak: cancellation
                select(func.sum(Order.amount)).where(Order.customer == customer)
            )
            await paid.wait()
        except Exception:
            await session.close()
            raise
        await session.close()
        return amount or 0

    async def each(self) -> AsyncIterator[Order]:
        async with self.sessions() as session:
            for order in await session.scalars(select(Order)):  # leak: generator
                yield order

    async def first(self) -> Order | None:
        async for order in self.each():
            return order
        return None

    async def totals(self, customers: list[int]) -> list[int]:
        async with self.sessions() as session:
            await session.scalar(select(func.count(Order.id)))  # leak: shared
            return await asyncio.gather(*(self._total(session, one) for one in customers))

    async def _total(self, session: AsyncSession, customer: int) -> int:
        return await session.scalar(select(func.sum(Order.amount)).where(Order.customer == customer)) or 0
