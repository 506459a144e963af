from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        session.add(Item(name="wrong"))
        await session.flush()
        session.rollback()
        session.add(Item(name="tea"))
        await session.commit()
