from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    session = AsyncSession(engine)
    await session.execute(text("UPDATE no_such_table SET name = 'tea'"))
    await session.close()
