from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


class Items:
    def __init__(self, engine: AsyncEngine) -> None:
        self._session = AsyncSession(engine)

    async def count(self) -> int:
        return (await self._session.execute(select(func.count(Item.id)))).scalar_one()


async def work(engine: AsyncEngine) -> int:
    return await Items(engine).count()
