from psycopg_pool import AsyncConnectionPool


async def work(pool: AsyncConnectionPool) -> None:
    connection = await pool.getconn()
    async with connection:
        await connection.execute("SELECT 1")
