"""What a connection does for whoever still has it after its pool has got it back, seen on the real pools."""

from __future__ import annotations

import asyncio
import sqlite3
from types import SimpleNamespace
from typing import Any

import aiosqlite
import psycopg
import pymysql
import pytest
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool
from sqlalchemy import text
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.ext.asyncio import create_async_engine

from poolint.models.loader import load

_NO_SERVER: Any = SimpleNamespace(
    transaction_status=TransactionStatus.IDLE, status=ConnStatus.OK, pipeline_status=0, finish=lambda: None, socket=0
)
"""What a connection of psycopg asks of its link to a server before it sends anything."""


class _Silent(psycopg.Connection[Any]):
    """A connection to no server: it only says that it is open, and idle."""

    closed = False  # type: ignore[assignment]

    @classmethod
    def connect(cls, *_: object, **__: object) -> Any:
        made = cls.__new__(cls)
        made.pgconn = SimpleNamespace(transaction_status=TransactionStatus.IDLE, finish=lambda: None)  # type: ignore[assignment]
        return made

    def execute(self, *_: object, **__: object) -> Any:
        return "executed"

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...

    def __del__(self, *_: object) -> None: ...


@pytest.mark.parametrize("name", ["poolint.psycopg_pool.Connection", "poolint.psycopg_pool.AsyncConnection"])
def test_psycopg_says_that_a_connection_works_when_its_pool_has_it_back(name: str) -> None:
    assert load().classes[name].works_when_released


def test_a_pool_of_psycopg_gives_the_connections_themselves_out() -> None:
    with ConnectionPool("", min_size=1, max_size=1, connection_class=_Silent, timeout=1) as pool:
        with pool.connection() as first:
            pass
        with pool.connection() as second:
            assert first is second
            assert first.execute("SELECT 1") == "executed"


@pytest.mark.parametrize("name", sorted(load().classes["psycopg.Cursor"].refused_when_released))
def test_a_closed_cursor_of_psycopg_refuses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
    connection: psycopg.Connection[Any] = psycopg.Connection(_NO_SERVER, tuple_row)
    cursor = psycopg.Cursor(connection)
    cursor.close()
    with pytest.raises(psycopg.InterfaceError, match="closed"):
        _asked(cursor, name)


@pytest.mark.parametrize("name", sorted(load().classes["pymysql.cursors.Cursor"].refused_when_released))
def test_a_closed_cursor_of_pymysql_refuses(name: str) -> None:
    cursor = pymysql.cursors.Cursor(None)
    with pytest.raises(pymysql.err.ProgrammingError, match="closed"):
        _asked(cursor, name)


@pytest.mark.parametrize("name", sorted(load().classes["aiosqlite.Cursor"].refused_when_released))
def test_a_closed_cursor_of_aiosqlite_refuses(name: str) -> None:
    async def ask() -> None:
        async with aiosqlite.connect(":memory:") as connection:
            async with connection.execute("SELECT 1") as cursor:
                pass
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                await _asked(cursor, name)

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (cls, name)
        for cls in ("AsyncMappingResult", "AsyncResult", "AsyncScalarResult")
        for name in load().classes[f"sqlalchemy.ext.asyncio.{cls}"].refused_when_released
    ],
)
def test_a_closed_result_of_sqlalchemy_refuses(cls: str, name: str) -> None:
    async def ask() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.connect() as connection:
            streaming = await connection.stream(text("SELECT 1"))
            result: Any = {"AsyncMappingResult": streaming.mappings, "AsyncScalarResult": streaming.scalars}.get(
                cls, lambda: streaming
            )()
            await streaming.close()
            with pytest.raises(ResourceClosedError):
                await (result.partitions().__anext__() if name == "partitions" else _asked(result, name))
        await engine.dispose()

    asyncio.run(ask())


def _asked(cursor: Any, name: str) -> Any:
    """Calls a method of a cursor with as many arguments as it needs."""
    needed = {"callproc": ("p",), "executemany": ("SELECT 1", [(1,)]), "scroll": (1,)}
    texts = {"execute", "executescript", "copy", "stream"}
    if name == "__iter__":
        return next(iter(cursor))
    if name == "__aiter__":
        return cursor.__aiter__().__anext__()
    found = getattr(cursor, name)(*needed.get(name, ("SELECT 1",) if name in texts else ()))
    if hasattr(found, "__enter__") and name == "copy":
        return found.__enter__()
    return next(found) if name == "stream" else found
