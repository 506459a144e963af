import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    connection = await engine.connect()
    try:
        await connection.execute(text("SELECT name FROM item"))
    finally:
        await connection.close()
        await client.post("/fails")
