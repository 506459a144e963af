import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    connection = await engine.connect()
    try:
        name = await connection.scalar(text("SELECT name FROM item"))
    finally:
        await connection.close()
    await client.post("/hangs", json={"name": name})
