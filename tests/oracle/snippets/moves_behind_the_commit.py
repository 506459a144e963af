import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> str:
    name = "tea"
    async with AsyncSession(engine) as session:
        item = await session.get_one(Item, 1)
        item.name = name
        answer = await client.post("/items", json={"name": name})
        await session.commit()
        return answer.text
