from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, path: str) -> None:
    legacy = create_engine(f"sqlite:///{path}")
    connection = await engine.connect()
    try:
        await connection.execute(text("SELECT 1"))
    finally:
        legacy.dispose()
        await connection.close()
