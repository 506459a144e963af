from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> None:
    connection = await engine.connect()
    await connection.execute(text("UPDATE no_such_table SET name = 'tea'"))
    await connection.close()
