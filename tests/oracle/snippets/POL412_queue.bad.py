import asyncio

from shop import Item
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine


async def count(engine: AsyncEngine, found: asyncio.Queue[object]) -> None:
    try:
        async with engine.connect() as connection:
            result: object = await connection.scalar(text("SELECT count(*) FROM item"))
    except Exception as error:
        result = error
    await found.put(result)


async def work(engine: AsyncEngine) -> object:
    found: asyncio.Queue[object] = asyncio.Queue()
    counting = asyncio.create_task(count(engine, found))
    async with engine.begin() as connection:
        await connection.execute(insert(Item).values(name="tea"))
        result = await found.get()
    await counting
    if isinstance(result, Exception):
        raise result
    return result
