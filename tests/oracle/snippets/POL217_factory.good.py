from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def connect(engine: AsyncEngine) -> AsyncConnection:
    connection = await engine.connect()
    try:
        await connection.execute(text("ANALYZE no_such_table"))
    except BaseException:
        await connection.close()
        raise
    return connection


async def work(engine: AsyncEngine) -> int:
    connection = await connect(engine)
    try:
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
    finally:
        await connection.close()
