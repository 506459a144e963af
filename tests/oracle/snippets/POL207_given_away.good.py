from sqlalchemy import Engine, text
from sqlalchemy.orm import Session


def opened(engine: Engine) -> Session:
    return Session(engine)


def work(sync_engine: Engine) -> int:
    with opened(sync_engine) as session:
        return session.scalar(text("SELECT count(*) FROM item")) or 0
