from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM item"))
        return count or 0
