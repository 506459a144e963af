from psycopg_pool import ConnectionPool


def work(pool: ConnectionPool) -> None:
    connection = pool.getconn()
    try:
        connection.execute("SELECT 1")
    finally:
        pool.putconn(connection)
