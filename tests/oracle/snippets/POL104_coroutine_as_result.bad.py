from shop import Item
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> list[str]:
    async with AsyncSession(engine) as session:
        return list(session.execute(select(Item.name)).scalars())
