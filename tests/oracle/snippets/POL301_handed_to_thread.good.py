import asyncio

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker


async def work(sync_engine: Engine) -> int:
    factory: sessionmaker[Session] = sessionmaker(sync_engine)

    def read() -> int:
        with factory() as session:
            return session.execute(select(func.slow())).scalar_one()

    return await asyncio.to_thread(read)
