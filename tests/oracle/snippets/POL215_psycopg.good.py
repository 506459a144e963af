from psycopg_pool import ConnectionPool


def work(pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        connection.execute("SELECT 1")
