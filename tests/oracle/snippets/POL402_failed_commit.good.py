import httpx
from shop import Item
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with AsyncSession(engine) as session:
        session.add(Item(id=1, name="a second number one"))
        try:
            await session.commit()
        except IntegrityError as error:
            await session.rollback()
            await client.post("/alarm", json={"error": str(error)})
