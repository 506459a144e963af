import asyncio

from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> list[object]:
    async with AsyncSession(engine) as session:
        return await asyncio.gather(
            session.scalar(select(func.count(Item.id))),
            session.scalar(select(func.max(Item.name))),
        )
