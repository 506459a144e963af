from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    connection = await engine.connect()
    count = await connection.scalar(text("SELECT count(*) FROM item"))
    return count or 0
