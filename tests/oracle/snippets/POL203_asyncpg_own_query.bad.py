import asyncpg


async def work(pool: asyncpg.Pool) -> None:
    connection = await pool.acquire()
    try:
        await connection.execute("SELECT pg_sleep(60)")
    except Exception:
        await pool.release(connection)
        raise
    await pool.release(connection)
