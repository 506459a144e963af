from collections.abc import Iterator

from sqlalchemy import Engine, create_engine, text


class Names:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __iter__(self) -> Iterator[str]:
        with self.engine.connect() as conn:
            yield from conn.scalars(text("SELECT name FROM item"))


def names(path: str) -> Names:
    engine = create_engine(f"sqlite:///{path}")
    return Names(engine)


def work(path: str) -> list[str]:
    found = names(path)
    try:
        return list(found)
    finally:
        found.engine.dispose()
