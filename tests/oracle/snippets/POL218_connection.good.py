from sqlalchemy import Engine, text


class Reports:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self) -> int:
        with self._engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM item")).scalar_one()


def work(sync_engine: Engine) -> int:
    return Reports(sync_engine).count()
