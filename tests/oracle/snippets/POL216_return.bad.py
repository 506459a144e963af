from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def names(engine: AsyncEngine) -> AsyncIterator[str]:
    async with engine.connect() as connection:
        for name in await connection.scalars(text("SELECT name FROM item")):
            yield name


async def work(engine: AsyncEngine) -> str | None:
    async for name in names(engine):
        return name
    return None
