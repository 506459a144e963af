from shop import Item
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        count = await connection.scalar(select(func.count()).select_from(Item))
        async with engine.begin() as other:
            await other.execute(insert(Item).values(name="tea"))
        return count
