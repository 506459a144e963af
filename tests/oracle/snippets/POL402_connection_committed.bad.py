import httpx
from shop import Item
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with engine.connect() as connection:
        await connection.execute(insert(Item).values(name="tea"))
        await connection.commit()
        await client.post("/items", json={"name": "tea"})
