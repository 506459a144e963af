from shop import Item
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        try:
            session.add(Item(id=1, name="second coffee"))
            await session.flush()
        except IntegrityError:
            session.add(Item(name="tea"))
            await session.commit()
