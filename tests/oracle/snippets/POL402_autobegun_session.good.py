import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        item = await session.get_one(Item, 1)
        await session.commit()
        answer = await client.post("/appraise", json={"item": item.id})
        item.name = answer.text
        await session.commit()
