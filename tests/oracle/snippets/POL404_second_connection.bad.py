from shop import Item
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> object:
    async with engine.begin() as connection:
        await connection.execute(insert(Item).values(name="tea"))
        async with engine.connect() as second:
            return await second.scalar(text("SELECT 1"))
