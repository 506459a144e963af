from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> int:
    session = AsyncSession(engine)
    try:
        value = (await session.execute(select(func.slow()))).scalar_one()
        await session.commit()
    except Exception:
        await session.rollback()
        raise
    return value
