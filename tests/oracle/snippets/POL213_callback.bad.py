from contextlib import ExitStack

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    with ExitStack() as stack:
        connection = await engine.connect()
        stack.callback(connection.close)
        return (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
