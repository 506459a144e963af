"""Drivers and their pools: what can be seen of them without a server."""

from __future__ import annotations

import asyncio
import inspect
import sys
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock

from tests.models.live.looking import Record, Seen

from poolint.models.loader import load


async def aiosqlite(record: Record) -> None:
    import aiosqlite

    name = "aiosqlite.Connection."
    await record("aiosqlite.connect", lambda: aiosqlite.connect(":memory:"))
    async with aiosqlite.connect(":memory:") as connection:
        await record(name + "execute", lambda: connection.execute("create table if not exists t (x)"))
        await record(name + "executemany", lambda: connection.executemany("insert into t values (?)", [(1,)]))
        await record(name + "executescript", lambda: connection.executescript("select 1"))
        await record(name + "execute_insert", lambda: connection.execute_insert("insert into t values (2)"))
        await record(name + "execute_fetchall", lambda: connection.execute_fetchall("select x from t"))
        await record(name + "cursor", connection.cursor)
    stopped = await aiosqlite.connect(":memory:")
    await record(name + "stop", stopped.stop)


async def asyncpg(record: Record) -> None:
    import asyncpg

    def prepared_cursor() -> Any:
        factory = inspect.unwrap(asyncpg.prepared_stmt.PreparedStatement.cursor)(Mock())
        factory._state = None  # or its `__del__` would use the mock
        return factory

    pool = asyncpg.create_pool("postgresql://nowhere.invalid/none")
    await record("asyncpg.create_pool", lambda: pool, use=False)
    await record("asyncpg.Pool.acquire", pool.acquire, use=False)
    await record("asyncpg.Connection.transaction", lambda: asyncpg.Connection.transaction(Mock()), use=False)
    await record("asyncpg.Connection.cursor", lambda: asyncpg.Connection.cursor(Mock(), "select 1"), use=False)
    await record("asyncpg.prepared_stmt.PreparedStatement.cursor", prepared_cursor, use=False)


async def objects_of_psycopg() -> dict[str, Any]:
    import psycopg

    plain = Mock(spec=psycopg.Connection, pgconn=Mock(), adapters=psycopg.adapters, row_factory=Mock())
    other = Mock(spec=psycopg.AsyncConnection, pgconn=Mock(), adapters=psycopg.adapters, row_factory=Mock())
    return {
        "psycopg.Cursor": psycopg.Cursor(plain),
        "psycopg.Transaction": psycopg.Transaction(plain),
        "psycopg.AsyncCursor": psycopg.AsyncCursor(other),
        "psycopg.AsyncTransaction": psycopg.AsyncTransaction(other),
    }


async def sqlite3(record: Record) -> None:
    import sqlite3

    connection = record.note("sqlite3.connect", sqlite3.connect(":memory:"))
    cursor = record.note("sqlite3.Connection.cursor", connection.cursor())
    connection.execute("create table t (x)")
    for method, *arguments in (("execute", "select 1"), ("executemany", "delete from t", []), ("executescript", "")):
        record.note(f"sqlite3.Connection.{method}", getattr(connection, method)(*arguments))
        record.note(f"sqlite3.Cursor.{method}", getattr(cursor, method)(*arguments))


async def objects_of_sqlite3() -> dict[str, Any]:
    import sqlite3

    return {"sqlite3.Cursor": sqlite3.connect(":memory:").cursor()}


async def objects_of_redis() -> dict[str, Any]:
    import redis.asyncio

    return {"redis.asyncio.client.Redis": redis.asyncio.Redis()}


async def redis(record: Record) -> None:
    import redis.asyncio

    client = redis.Redis()
    record.note("redis.client.Redis.pubsub", client.pubsub())
    record.note("redis.client.Redis.lock", client.lock("a"))
    classes = load().classes
    for one in (redis.asyncio.Redis(), redis.asyncio.RedisCluster(host="nowhere")):
        name = f"{type(one).__module__}.{type(one).__name__}"
        # Plain functions that say nothing of whether they are awaited: what they give is a coroutine of `execute_command`.
        commands = (each for row in classes[name].methods if row.role == "query" for each in row.names)
        for command in commands:
            await record(f"{name}.{command}", partial(getattr(one, command), *_arguments(one, command)), use=False)


_OF_COMMANDS: dict[str, tuple[Any, ...]] = {
    "geoadd": ("a", [1, 2, "b"]),
    "hmset": ("a", {"b": 1}),
    "hset": ("a", "b", 1),
    "mset": ({"a": 1},),
    "msetnx": ({"a": 1},),
    "xadd": ("a", {"b": 1}),
    "xautoclaim": ("a", "b", "c", 1),
    "xclaim": ("a", "b", "c", 1, ["1-0"]),
    "xtrim": ("a", 1),
    "zadd": ("a", {"b": 1}),
    "zmscore": ("a", ["b"]),
}


def _arguments(client: object, command: str) -> tuple[Any, ...]:
    """Something that a command of Redis takes: a text for each parameter that has to be passed, where that will do."""
    if command in _OF_COMMANDS:
        return _OF_COMMANDS[command]
    parameters = inspect.signature(getattr(client, command)).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return ("a",) * sum(one.default is one.empty and one.kind in positional for one in parameters)


async def objects_of_psycopg2() -> dict[str, Any]:
    import psycopg2.extensions

    # A compiled class, and no connection to make one: what its documentation says of the attribute stands for a value.
    assert "connection" in psycopg2.extensions.cursor.connection.__doc__
    return {"psycopg2.extensions.cursor": Mock(connection=Mock(spec=psycopg2.extensions.connection))}


async def pymysql(record: Record) -> None:
    import pymysql

    record.note("pymysql.connections.Connection.cursor", pymysql.Connection(defer_connect=True).cursor())


async def objects_of_pymysql() -> dict[str, Any]:
    import pymysql

    return {"pymysql.cursors.Cursor": pymysql.Connection(defer_connect=True).cursor()}


async def aiomysql(record: Record) -> None:
    import aiomysql
    import aiomysql.sa

    connection = aiomysql.Connection("nowhere.invalid")
    connection._reader = connection._writer = MagicMock()
    pool = aiomysql.Pool(0, 1, False, -1, asyncio.get_running_loop())
    engine = aiomysql.sa.Engine(Mock(), pool)
    cursor = await connection.cursor()
    sa = aiomysql.sa.SAConnection(connection, engine)
    for name, make in (
        ("connect", lambda: aiomysql.connect(host="nowhere.invalid")),
        ("create_pool", lambda: aiomysql.create_pool(minsize=0)),
        ("Pool.acquire", pool.acquire),
        ("sa.create_engine", lambda: aiomysql.sa.create_engine(minsize=0)),
        ("sa.Engine.acquire", engine.acquire),
        ("sa.SAConnection.begin", sa.begin),
        ("sa.SAConnection.execute", lambda: sa.execute("select 1")),
    ):
        await record(f"aiomysql.{name}", make, use=False)
    await record("aiomysql.Connection.cursor", connection.cursor)
    cursor._rows = []
    cursor._executed = "select 1"
    for method in ("fetchone", "fetchmany", "fetchall"):
        await record(f"aiomysql.Cursor.{method}", getattr(cursor, method))
    cursor._rows = [()]
    await record("aiomysql.Cursor.scroll", lambda: cursor.scroll(0))
    for name, owner in (("Pool", pool), ("sa.Engine", engine)):
        gone = Mock(closed=True, connection=connection, in_transaction=False)
        pool._terminated |= {gone, connection}
        connection._writer = None  # closed, as what the pool has terminated
        await record(f"aiomysql.{name}.release", partial(owner.release, gone))
    connection._reader = None


async def objects_of_aiomysql() -> dict[str, Any]:
    import aiomysql
    import aiomysql.sa
    from aiomysql.sa.transaction import Transaction

    connection = aiomysql.Connection("nowhere.invalid")
    sa = aiomysql.sa.SAConnection(Mock(), Mock())
    return {
        "aiomysql.Cursor": aiomysql.Cursor(connection),
        "aiomysql.sa.transaction.Transaction": Transaction(sa, None),
    }


async def asyncmy(record: Record) -> None:
    import asyncmy

    connection = asyncmy.Connection()
    pool = asyncmy.Pool(0, 1)
    await record("asyncmy.connect", asyncmy.connect, use=False)
    await record("asyncmy.create_pool", lambda: asyncmy.create_pool(minsize=0), use=False)
    await record("asyncmy.Pool.acquire", pool.acquire, use=False)
    await record("asyncmy.Connection.cursor", connection.cursor)
    gone = Mock()
    pool._terminated.add(gone)
    await record("asyncmy.Pool.release", lambda: pool.release(gone))


async def objects_of_asyncmy() -> dict[str, Any]:
    import asyncmy

    return {"asyncmy.cursors.Cursor": asyncmy.Connection().cursor()}


async def objects_of_aiopg() -> dict[str, Any]:
    import aiopg

    connection = Mock(spec=aiopg.Connection)
    return {"aiopg.Cursor": aiopg.Cursor(connection, Mock(), 1.0, False, None)}


async def aioodbc(record: Record) -> None:
    import aioodbc
    from aioodbc.cursor import Cursor

    await record("aioodbc.connect", lambda: aioodbc.connect(dsn="x"), use=False)
    await _aioodbc_connection(record)
    name = "aioodbc.cursor.Cursor."
    cursor = Cursor(Mock(), Mock(_execute=AsyncMock()))
    made = cursor.execute("select 1")
    record[name + "execute"] = Seen(made, awaited=await made)
    arguments: dict[str, tuple[Any, ...]] = {"executemany": ("select 1",), "skip": (1,)}
    arguments |= dict.fromkeys(("getTypeInfo", "primaryKeys", "rowIdColumns", "rowVerColumns", "statistics"), ("t",))
    for method in (
        "executemany", "commit", "rollback", "fetchone", "fetchval", "fetchmany", "fetchall", "nextset", "skip", "tables",
        "statistics", "rowIdColumns", "rowVerColumns", "primaryKeys", "foreignKeys", "columns", "getTypeInfo",
        "procedures", "procedureColumns",
    ):  # fmt: skip
        await record(name + method, partial(getattr(cursor, method), *arguments.get(method, ())), use=False)


async def _aioodbc_connection(record: Record) -> None:
    from aioodbc.connection import Connection

    connection = object.__new__(Connection)
    connection._loop, connection._executor, connection._conn = asyncio.get_running_loop(), None, MagicMock()
    for method, *arguments in (
        ("getinfo", 1),
        ("add_output_converter", 1, 1),
        ("clear_output_converters",),
        ("set_attr", 1, 1),
    ):
        await record(f"aioodbc.connection.Connection.{method}", partial(getattr(connection, method), *arguments))
    connection._conn = None  # or its `__del__` would close the mock


def stub_for_pyodbc() -> None:
    """aioodbc needs pyodbc, and that a library of the system; its own classes can be seen without."""
    try:
        import pyodbc  # noqa: F401
    except ImportError:
        sys.modules["pyodbc"] = MagicMock()


async def objects_of_oracledb() -> dict[str, Any]:
    import oracledb

    found = {}
    for cursor, connection in (("Cursor", oracledb.Connection), ("AsyncCursor", oracledb.AsyncConnection)):
        one = found[f"oracledb.{cursor}"] = object.__new__(getattr(oracledb, cursor))
        one._connection, one._impl = Mock(spec=connection), None
    return found


async def databases(record: Record) -> None:
    import databases

    database = databases.Database("sqlite+aiosqlite://")
    async with database:
        await record("databases.Database.transaction", database.transaction, use=False)
        await record("databases.Database.connection", database.connection)
        async with database.connection() as connection:
            await record("databases.core.Connection.transaction", connection.transaction, use=False)
