from shop import Item
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        await connection.execute(insert(Item).values(name="tea"))
        await connection.commit()
        return (await connection.execute(select(func.count(Item.id)))).scalar_one()
