import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    connection = await engine.connect()
    try:
        name = await connection.scalar(text("SELECT name FROM item"))
        await client.post("/hangs", json={"name": name})
    except Exception:
        await connection.close()
        raise
    await connection.close()
