from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> int:
    session = AsyncSession(engine)
    session.add(Item(name="tea"))
    return len(session.new)
