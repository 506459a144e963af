from sqlalchemy import Connection, Engine, text


class Analyzed:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection.execute(text("ANALYZE no_such_table"))
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def __exit__(self, *_exc_info: object) -> None:
        self._connection.close()


def work(sync_engine: Engine) -> int:
    with Analyzed(sync_engine) as connection:
        return connection.execute(text("SELECT count(*) FROM item")).scalar_one()
