from psycopg_pool import AsyncConnectionPool


async def work(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_sleep(60)")
