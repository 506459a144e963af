from psycopg_pool import AsyncConnectionPool


async def work(pool: AsyncConnectionPool) -> None:
    connection = await pool.getconn()
    try:
        await connection.execute("SELECT pg_sleep(60)")
    except Exception:
        await pool.putconn(connection)
        raise
    await pool.putconn(connection)
