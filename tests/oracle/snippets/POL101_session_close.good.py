from shop import Item
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker


async def work(engine: AsyncEngine) -> list[str]:
    factory = async_sessionmaker(engine)
    session: AsyncSession = factory()
    try:
        return list(await session.scalars(select(Item.name)))
    finally:
        await session.close()
