import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    connection = await engine.connect()
    try:
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
    finally:
        await asyncio.wait_for(connection.close(), 30)
