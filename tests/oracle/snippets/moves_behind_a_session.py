import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        item = await session.get_one(Item, 1)
        item.name = "tea"
        await client.post("/items", json={"id": item.id, "name": item.name})
