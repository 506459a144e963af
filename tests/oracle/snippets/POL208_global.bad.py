from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

session = Session()


def work(sync_engine: Engine) -> int:
    session.bind = sync_engine
    return session.scalar(text("SELECT count(*) FROM item")) or 0
