import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def ask(engine: AsyncEngine, letter: str, limit: asyncio.Semaphore) -> str:
    async with limit, engine.connect() as connection:
        await connection.execute(text("DELETE FROM item WHERE name = slow()"))
        return letter


async def work(engine: AsyncEngine, path: str) -> str:
    limit = asyncio.Semaphore(1)
    return "".join(await asyncio.gather(*(ask(engine, letter, limit) for letter in path)))
