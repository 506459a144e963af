from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> int:
    connection = sync_engine.connect()
    try:
        count = connection.execute(text("SELECT count(*) FROM item")).scalar_one()
        connection.close()
        return count
    finally:
        connection.close()
