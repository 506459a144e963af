from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    connection = engine.connect()
    yield connection
    connection.close()


def work(sync_engine: Engine) -> None:
    with connected(sync_engine) as connection:
        connection.execute(text("SELECT count(*) FROM item"))
        raise LookupError
