import httpx
from shop import Item
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine


async def notify(client: httpx.AsyncClient, name: str) -> None:
    await client.post("/items", json={"name": name})


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(Item).values(name="tea"))
        await notify(client, "tea")
