from psycopg_pool import ConnectionPool


def work(pool: ConnectionPool) -> None:
    connection = pool.getconn()
    with connection:
        connection.execute("SELECT 1")
