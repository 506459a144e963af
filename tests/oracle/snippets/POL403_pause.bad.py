import asyncio

import httpx
from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> object:
    async with engine.connect() as connection:
        name = await connection.scalar(select(func.max(Item.name)))
        other = asyncio.create_task(client.get("/items"))
        await asyncio.sleep(0.6)
    await other
    return name
