import httpx
from shop import Item
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine


async def notify(client: httpx.AsyncClient, name: str) -> str:
    return (await client.post("/items", json={"name": name})).text


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> str:
    async with engine.connect() as connection, connection.begin():
        await connection.execute(insert(Item).values(name="tea"))
        return await notify(client, "tea")
