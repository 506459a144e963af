import httpx
from shop import Item
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with engine.begin() as connection:
        answer = await client.get("/name")
        await connection.execute(insert(Item).values(name=answer.text))
