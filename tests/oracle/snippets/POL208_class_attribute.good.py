from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker


class Items:
    factory: sessionmaker[Session] = sessionmaker()

    def count(self) -> int:
        with self.factory() as session:
            return session.scalar(text("SELECT count(*) FROM item")) or 0


def work(sync_engine: Engine) -> int:
    Items.factory.configure(bind=sync_engine)
    return Items().count()
