import asyncio
import time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine


async def hold(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.scalar(select(1))
        await asyncio.sleep(0.1)


async def work(engine: AsyncEngine) -> bool:
    other = asyncio.create_task(hold(engine))
    await asyncio.sleep(0.05)
    time.sleep(0.6)  # noqa: ASYNC251
    is_free = other.done()
    await other
    return is_free
