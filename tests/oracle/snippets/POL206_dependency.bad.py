from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def get_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    session = AsyncSession(engine)
    yield session
    await session.close()


async def work(engine: AsyncEngine) -> None:
    # What FastAPI makes of a dependency.
    async with asynccontextmanager(get_session)(engine) as session:
        await session.execute(text("SELECT count(*) FROM item"))
        raise LookupError
