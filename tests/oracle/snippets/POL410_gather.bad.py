import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def ask(engine: AsyncEngine, letter: str) -> str:
    async with engine.connect() as connection:
        await connection.execute(text("DELETE FROM item WHERE name = slow()"))
        return letter


async def work(engine: AsyncEngine, path: str) -> str:
    return "".join(await asyncio.gather(*(ask(engine, letter) for letter in path)))
