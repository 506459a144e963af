from shop import Item
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def save(engine: AsyncEngine, name: str) -> None:
    async with AsyncSession(engine) as session:
        session.add(Item(name=name))
        await session.commit()


async def work(engine: AsyncEngine) -> None:
    for name in ("tea", "water"):
        await save(engine, name)
