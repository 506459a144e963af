import asyncpg


async def work(pool: asyncpg.Pool) -> None:
    connection = await pool.acquire()
    try:
        await connection.execute("SELECT 1")
    finally:
        await connection.close()
