from collections.abc import AsyncIterator
from contextlib import aclosing

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def names(engine: AsyncEngine) -> AsyncIterator[str]:
    async with engine.connect() as connection:
        for name in await connection.scalars(text("SELECT name FROM item")):
            yield name


async def work(engine: AsyncEngine) -> str | None:
    async with aclosing(names(engine)) as found:
        async for name in found:
            return name
    return None
