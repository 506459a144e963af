from sqlalchemy import Engine, text
from sqlalchemy.orm import Session


def opened(engine: Engine) -> Session:
    with Session(engine) as session:
        return session


def work(sync_engine: Engine) -> int:
    return opened(sync_engine).scalar(text("SELECT count(*) FROM item")) or 0
