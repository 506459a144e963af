from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, path: str) -> None:
    connection = await engine.connect()
    try:
        legacy = create_engine(f"sqlite:///{path}")
        await connection.execute(text("SELECT 1"))
    finally:
        legacy.dispose()
        await connection.close()
