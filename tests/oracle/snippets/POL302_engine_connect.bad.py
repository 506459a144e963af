from sqlalchemy import Engine, text


async def work(sync_engine: Engine) -> object:
    with sync_engine.connect() as connection:
        return connection.scalar(text("SELECT slow()"))
