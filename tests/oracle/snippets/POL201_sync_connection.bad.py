from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> int:
    connection = sync_engine.connect()
    count = connection.scalar(text("SELECT count(*) FROM item"))
    return count or 0
