import asyncio
import os

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(f"postgresql+asyncpg://postgres@/postgres?host={os.environ['PGHOST']}", poolclass=NullPool)


async def ask() -> object:
    async with engine.connect() as connection:
        return await connection.scalar(text("SELECT 1"))


def work() -> None:
    asyncio.run(ask())
    asyncio.run(ask())
