from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> None:
    for name in ("", "tea"):
        connection = sync_engine.connect()
        try:
            connection.execute(text("SELECT 1"))
            if not name:
                continue
        finally:
            connection.close()
