from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def opened(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


async def work(engine: AsyncEngine) -> object:
    conn = await opened(engine)
    return await conn.scalar(text("SELECT name FROM item"))
