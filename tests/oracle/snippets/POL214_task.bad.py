import asyncio

from shop import Item
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session, async_sessionmaker


async def work(engine: AsyncEngine) -> int:
    registry: async_scoped_session[AsyncSession] = async_scoped_session(
        async_sessionmaker(engine), scopefunc=asyncio.current_task
    )

    async def serve() -> int:
        return (await registry.execute(select(func.count(Item.id)))).scalar_one()

    return await asyncio.create_task(serve())
