from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    async with await engine.connect() as connection:
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
