from concurrent.futures import ThreadPoolExecutor

from shop import Item
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker


def work(sync_engine: Engine) -> int:
    registry: scoped_session[Session] = scoped_session(sessionmaker(sync_engine))

    def serve() -> int:
        return registry.execute(select(func.count(Item.id))).scalar_one()

    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(serve).result()
