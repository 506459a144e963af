from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        count = await session.scalar(select(func.count()).select_from(Item))
        async with session.begin():
            session.add(Item(name=f"tea {count}"))
