from sqlalchemy import Engine


def work(sync_engine: Engine) -> object:
    raw = sync_engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("SELECT name FROM item")
    return cursor.fetchone()[0]
