import httpx
from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> str:
    session = AsyncSession(engine)
    try:
        return (await session.get_one(Item, 1)).name
    finally:
        try:
            await client.post("/hangs")
        finally:
            await session.close()
