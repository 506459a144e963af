from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> None:
    connection = sync_engine.connect()
    connection.execute(text("UPDATE no_such_table SET name = 'tea'"))
    connection.close()
