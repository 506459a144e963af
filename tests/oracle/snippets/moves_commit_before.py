import httpx
from shop import Item
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> str | None:
    async with AsyncSession(engine) as session:
        name = await session.scalar(select(Item.name).limit(1))
        answer = await client.get(f"/items/{name}")
        await session.execute(insert(Item).values(name=answer.text))
        await session.commit()
        return name
