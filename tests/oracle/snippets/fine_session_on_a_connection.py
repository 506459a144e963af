from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        session = AsyncSession(bind=connection)
        return (await session.execute(select(func.count(Item.id)))).scalar_one()
