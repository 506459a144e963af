from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session


async def work(sync_engine: Engine) -> int:
    with Session(sync_engine) as session:
        slow = session.scalar(select(func.slow()))
        return slow or 0
