import asyncio

from sqlalchemy import Engine, text


def ask(sync_engine: Engine) -> object:
    with sync_engine.connect() as connection:
        return connection.scalar(text("SELECT slow()"))


async def work(sync_engine: Engine) -> object:
    return await asyncio.to_thread(ask, sync_engine)
