from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> None:
    reader = await engine.connect()
    names = await reader.scalars(text("SELECT name FROM item"))
    writer = await engine.connect()
    try:
        for name in names:
            await writer.execute(text("DELETE FROM item WHERE name = :name"), {"name": name})
    finally:
        await writer.close()
        await reader.close()
