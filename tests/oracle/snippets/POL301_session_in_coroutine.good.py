from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> int:
    async with AsyncSession(engine) as session:
        slow = await session.scalar(select(func.slow()))
        return slow or 0
