from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine) -> int:
    connection = await engine.connect()
    try:
        value = (await connection.execute(select(func.slow()))).scalar_one()
    except Exception:
        await connection.close()
        raise
    await connection.close()
    return value
