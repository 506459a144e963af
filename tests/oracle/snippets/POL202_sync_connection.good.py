from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> None:
    connection = sync_engine.connect()
    try:
        connection.execute(text("UPDATE no_such_table SET name = 'tea'"))
    finally:
        connection.close()
