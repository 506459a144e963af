from sqlalchemy import Engine, text


class Reports:
    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()

    def count(self) -> int:
        return self._connection.execute(text("SELECT count(*) FROM item")).scalar_one()


def work(sync_engine: Engine) -> int:
    return Reports(sync_engine).count()
