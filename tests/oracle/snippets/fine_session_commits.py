from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    session = AsyncSession(engine)
    session.add(Item(name="tea"))
    try:
        await session.commit()
    except BaseException:
        await session.rollback()
        raise
