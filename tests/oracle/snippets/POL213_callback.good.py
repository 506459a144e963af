from contextlib import AsyncExitStack

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    async with AsyncExitStack() as stack:
        connection = await engine.connect()
        stack.push_async_callback(connection.close)
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
