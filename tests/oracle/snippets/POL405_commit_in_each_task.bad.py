import asyncio

from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def save(session: AsyncSession, name: str) -> None:
    session.add(Item(name=name))
    await session.commit()


async def work(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await asyncio.gather(*[save(session, name) for name in ("tea", "water")])
