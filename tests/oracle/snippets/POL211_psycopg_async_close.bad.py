from psycopg_pool import AsyncConnectionPool


async def work(pool: AsyncConnectionPool) -> None:
    connection = await pool.getconn()
    try:
        await connection.execute("SELECT 1")
    finally:
        await connection.close()
