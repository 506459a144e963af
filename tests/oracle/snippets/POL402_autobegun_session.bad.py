import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with AsyncSession(engine) as session:
        item = await session.get_one(Item, 1)
        answer = await client.post("/appraise", json={"item": item.id})
        item.name = answer.text
        await session.commit()
