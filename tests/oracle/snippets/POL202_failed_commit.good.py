from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    session = AsyncSession(engine)
    session.add(Item(id=1, name="second coffee"))
    try:
        await session.commit()
    finally:
        await session.close()
