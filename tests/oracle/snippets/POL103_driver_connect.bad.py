import aiosqlite


async def work(path: str) -> int:
    connection = aiosqlite.connect(path)
    try:
        async with connection.execute("SELECT 1") as cursor:
            return len(list(await cursor.fetchall()))
    finally:
        await connection.close()
