import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    answer = await client.post("/appraise", json={"item": 1})
    async with AsyncSession(engine) as session, session.begin():
        item = await session.get_one(Item, 1)
        item.name = answer.text
