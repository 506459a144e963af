from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> int:
    with sync_engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM item"))
        return count or 0
