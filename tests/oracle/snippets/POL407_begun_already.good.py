from shop import Item
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session, session.begin():
        count = await session.scalar(text("SELECT count(*) FROM item"))
        session.add(Item(name=f"tea {count}"))
