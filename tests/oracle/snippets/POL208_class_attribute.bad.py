from sqlalchemy import Engine, text
from sqlalchemy.orm import Session


class Items:
    session = Session()

    def count(self) -> int:
        return self.session.scalar(text("SELECT count(*) FROM item")) or 0


def work(sync_engine: Engine) -> int:
    Items.session.bind = sync_engine
    return Items().count()
