from shop import Item
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


def work(sync_engine: Engine) -> None:
    with Session(sync_engine) as session:
        for number in (1, 2):
            try:
                session.add(Item(id=number, name="tea"))
                session.commit()
            except IntegrityError:
                session.rollback()
                continue
