from shop import Item
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


def work(sync_engine: Engine) -> None:
    session = Session(sync_engine)
    try:
        name = session.scalars(select(Item.name)).one()
        session.add(Item(name=int(name)))
        session.commit()
    except IntegrityError:
        session.rollback()
