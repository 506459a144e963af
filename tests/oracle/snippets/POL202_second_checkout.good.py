from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> None:
    async with engine.connect() as reader:
        names = await reader.scalars(text("SELECT name FROM item"))
        async with engine.connect() as writer:
            for name in names:
                await writer.execute(text("DELETE FROM item WHERE name = :name"), {"name": name})
