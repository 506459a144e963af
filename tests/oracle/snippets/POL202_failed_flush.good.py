from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    session = AsyncSession(engine)
    async with session.begin():
        session.add(Item(id=1, name="second coffee"))
        await session.flush()
