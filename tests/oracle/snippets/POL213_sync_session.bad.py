from contextlib import suppress

import httpx
from shop import Item
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with AsyncSession(engine) as session:
        name = (await session.get_one(Item, 1)).name
        with suppress(MissingGreenlet):
            session.sync_session.close()
    await client.post("/items", json={"name": name})
