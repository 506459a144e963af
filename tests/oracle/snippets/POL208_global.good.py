from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

factory: sessionmaker[Session] = sessionmaker()


def work(sync_engine: Engine) -> int:
    factory.configure(bind=sync_engine)
    with factory() as session:
        return session.scalar(text("SELECT count(*) FROM item")) or 0
