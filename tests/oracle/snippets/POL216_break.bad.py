from collections.abc import AsyncIterator

from shop import Item
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def get_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


async def work(engine: AsyncEngine) -> list[str]:
    found: list[str] = []
    async for session in get_session(engine):
        found += await session.scalars(select(Item.name))
        break
    return found
