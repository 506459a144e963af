import asyncio

from shop import Item
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine


async def rename(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(Item).values(name="tea"))


async def work(engine: AsyncEngine) -> str:
    task = asyncio.create_task(rename(engine))
    async with engine.connect() as connection:
        for _ in range(10):
            name = await connection.scalar(select(func.max(Item.name)))
            if name == "tea":
                break
            await connection.rollback()
            await asyncio.sleep(0.02)
    await task
    return name
