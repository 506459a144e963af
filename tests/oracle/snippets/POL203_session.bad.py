import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    session = AsyncSession(engine)
    try:
        item = await session.get_one(Item, 1)
        item.name = (await client.post("/hangs")).text
        await session.commit()
    except Exception:
        await session.rollback()
        raise
