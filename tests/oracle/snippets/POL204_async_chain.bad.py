from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    count = await (await engine.connect()).scalar(text("SELECT count(*) FROM item"))
    return count or 0
