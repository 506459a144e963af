from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def give_back(connection: AsyncConnection) -> None:
    await connection.close()


async def work(engine: AsyncEngine) -> int:
    connection = await engine.connect()
    try:
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
    finally:
        await give_back(connection)
