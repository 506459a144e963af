from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> int:
    async with AsyncSession(engine) as session:
        session.add(Item(name="tea"))
        await session.commit()
        count = await session.scalar(select(func.count(Item.id)))
    return count or 0
