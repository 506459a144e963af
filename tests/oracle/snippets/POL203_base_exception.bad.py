import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def work(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    connection = await engine.connect()
    try:
        await connection.execute(text("DELETE FROM item"))
        await client.post("/hangs")
        await connection.commit()
    except Exception:
        await connection.close()
        raise
    else:
        await connection.close()
