"""What a thread or a task asks of an engine that has one connection for each of them, seen on real ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

from piccolo.engine.sqlite import SQLiteEngine
from piccolo.querystring import QueryString
from playhouse.pool import PooledSqliteDatabase

from poolint.models.loader import load


def test_peewee_and_piccolo_are_said_to_share_connections() -> None:
    found = {name for name, cls in load().classes.items() if cls.shares}
    assert {"peewee.Database", "playhouse.pool.PooledPostgresqlDatabase"} <= found
    assert {"piccolo.engine.postgres.PostgresEngine", "piccolo.engine.sqlite.SQLiteEngine"} <= found


def test_a_pool_of_peewee_with_one_connection_does_for_a_transaction_and_what_is_in_it(tmp_path: Path) -> None:
    db = PooledSqliteDatabase(str(tmp_path / "orders.db"), max_connections=1, timeout=0.1)
    with db.atomic(), db.atomic():
        db.execute_sql("CREATE TABLE orders (id INT)")
        assert db.connection() is db.connection()
        assert len(db._in_use) == 1


def test_a_query_in_a_transaction_of_piccolo_sees_what_is_not_committed(tmp_path: Path) -> None:
    engine = SQLiteEngine(path=str(tmp_path / "orders.db"))

    async def within() -> list[dict[str, int]]:
        async with engine.transaction():
            await engine.run_querystring(QueryString("CREATE TABLE orders (id INT)"))
            await engine.run_querystring(QueryString("INSERT INTO orders VALUES (1)"))
            return await engine.run_querystring(QueryString("SELECT id FROM orders"))

    assert asyncio.run(within()) == [{"id": 1}]
