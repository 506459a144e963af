from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> str:
    session = AsyncSession(engine)
    try:
        item = await session.get_one(Item, 1)
        session = AsyncSession(engine)
        return (await session.get_one(Item, item.id)).name
    finally:
        await session.close()
