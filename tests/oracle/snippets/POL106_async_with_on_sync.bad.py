import asyncio

from sqlalchemy import Engine, text


async def work(sync_engine: Engine) -> int:
    async with sync_engine.connect() as connection:
        return await asyncio.to_thread(connection.scalar, text("SELECT count(*) FROM item"))
