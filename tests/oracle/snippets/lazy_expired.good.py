from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker


async def work(engine: AsyncEngine) -> str:
    maker = async_sessionmaker(engine, expire_on_commit=False)
    async with maker() as session:
        item = await session.get_one(Item, 1)
        await session.commit()
        return item.name
