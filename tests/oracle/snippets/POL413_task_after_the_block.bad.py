import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

BACKGROUND: set[asyncio.Task[None]] = set()


async def warm(session: AsyncSession) -> None:
    await asyncio.sleep(0)
    await session.execute(text("SELECT 1"))


async def handle(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        task = asyncio.create_task(warm(session))
        BACKGROUND.add(task)


async def work(engine: AsyncEngine) -> None:
    await handle(engine)
    await asyncio.wait(BACKGROUND)
