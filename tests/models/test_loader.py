"""The models at run time: found by every name, inherited, quick to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from poolint.models import schema
from poolint.models.loader import Models, libraries, load

MODELS = load()
AIO = "sqlalchemy.ext.asyncio."

# The rows on which most findings rest, in full: class, method, call, role, what it gives, what the block binds.
CORNERSTONES = [
    (AIO + "AsyncEngine", "connect", "awaitable-cm", "checkout", AIO + "AsyncConnection", ""),
    (AIO + "AsyncEngine", "begin", "async-cm", "begin", "", AIO + "AsyncConnection"),
    (AIO + "AsyncEngine", "dispose", "coroutine", "dispose", "", ""),
    (AIO + "AsyncConnection", "begin", "awaitable-cm", "begin", AIO + "AsyncTransaction", ""),
    (AIO + "AsyncConnection", "stream", "awaitable-cm", "stream", AIO + "AsyncResult", ""),
    (AIO + "AsyncConnection", "execution_options", "coroutine", "query", "self", ""),
    (AIO + "AsyncSession", "stream", "coroutine", "stream", AIO + "AsyncResult", ""),
    (AIO + "AsyncSession", "begin", "awaitable-cm", "begin", AIO + "AsyncSessionTransaction", ""),
    (AIO + "AsyncSession", "close", "coroutine", "release", "", ""),
    (AIO + "AsyncSession", "commit", "coroutine", "commit", "", ""),
    (AIO + "AsyncSession", "delete", "coroutine", "query", "", ""),
    (AIO + "AsyncSession", "add", "sync", "local", "", ""),
    (AIO + "AsyncSession", "flush", "coroutine", "flush", "", ""),
    (AIO + "AsyncSession", "refresh", "coroutine", "refresh", "", ""),
    (AIO + "async_sessionmaker", "__call__", "sync", "open", "$0", ""),
    (AIO + "async_sessionmaker", "begin", "async-cm", "begin", "", "$0"),
    (AIO + "async_scoped_session", "remove", "coroutine", "release", "", ""),
    ("sqlalchemy.Engine", "connect", "sync", "checkout", "sqlalchemy.Connection", ""),
    ("sqlalchemy.Engine", "begin", "cm", "begin", "", "sqlalchemy.Connection"),
    ("sqlalchemy.orm.Session", "begin", "sync", "begin", "sqlalchemy.orm.SessionTransaction", ""),
    ("sqlalchemy.orm.sessionmaker", "begin", "cm", "begin", "", "$0"),
    ("sqlalchemy.orm.Session", "delete", "sync", "local", "", ""),
    ("sqlmodel.ext.asyncio.session.AsyncSession", "exec", "coroutine", "query", "sqlalchemy.ScalarResult", ""),
    ("asyncpg.Pool", "acquire", "awaitable-cm", "checkout", "asyncpg.pool.PoolConnectionProxy", ""),
    ("asyncpg.Pool", "terminate", "sync", "dispose", "", ""),
    ("asyncpg.Connection", "transaction", "async-cm", "begin", "asyncpg.transaction.Transaction", ""),
    ("psycopg.AsyncConnection", "connect", "coroutine", "checkout", "psycopg.AsyncConnection", ""),
    ("psycopg.AsyncConnection", "cursor", "sync", "cursor", "psycopg.AsyncCursor", ""),
    ("psycopg.AsyncConnection", "transaction", "async-cm", "begin", "", "psycopg.AsyncTransaction"),
    (
        "psycopg_pool.AsyncConnectionPool",
        "connection",
        "async-cm",
        "checkout",
        "",
        "poolint.psycopg_pool.AsyncConnection",
    ),
    ("psycopg_pool.ConnectionPool", "getconn", "sync", "checkout", "poolint.psycopg_pool.Connection", ""),
    ("aiosqlite.Connection", "execute", "awaitable-cm", "query", "aiosqlite.Cursor", ""),
    ("psycopg2.pool.ThreadedConnectionPool", "getconn", "sync", "checkout", "poolint.psycopg2.Connection", ""),
    ("aiomysql.Pool", "acquire", "awaitable-cm", "checkout", "poolint.aiomysql.Connection", ""),
    ("aiomysql.Pool", "release", "awaitable", "release", "", ""),
    ("aiomysql.Connection", "close", "sync", "release", "", ""),
    ("aioodbc.pool.Pool", "release", "coroutine", "release", "", ""),
    ("oracledb.AsyncConnectionPool", "acquire", "awaitable-cm", "checkout", "oracledb.AsyncConnection", ""),
    ("databases.Database", "transaction", "awaitable-cm", "begin", "databases.core.Transaction", ""),
    ("pymongo.AsyncMongoClient", "close", "coroutine", "release", "", ""),
    ("motor.motor_asyncio.AsyncIOMotorClient", "close", "sync", "release", "", ""),
    ("httpx.AsyncClient", "post", "coroutine", "external", "httpx.Response", ""),
    ("httpx.AsyncClient", "stream", "async-cm", "external", "", "httpx.Response"),
    ("aiohttp.ClientSession", "get", "awaitable-cm", "external", "aiohttp.ClientResponse", ""),
    ("requests.Session", "get", "sync", "external", "requests.Response", ""),
]

ON_DROP = {
    AIO + "AsyncSession": "terminated",
    AIO + "AsyncConnection": "terminated",
    "sqlalchemy.orm.Session": "collected",
    "sqlalchemy.Connection": "collected",
    "asyncpg.pool.PoolConnectionProxy": "lost",
    "poolint.psycopg_pool.AsyncConnection": "lost",
    "poolint.psycopg_pool.Connection": "lost",
}


@pytest.mark.parametrize(("cls", "name", "call", "role", "returns", "enters"), CORNERSTONES)
def test_cornerstones(cls: str, name: str, call: str, role: str, returns: str, enters: str) -> None:
    method = MODELS.method(MODELS.classes[cls], name)
    assert method is not None
    assert (method.call, method.role, method.returns, method.enters) == (call, role, returns, enters)


@pytest.mark.parametrize(("cls", "on_drop"), ON_DROP.items())
def test_what_dropping_it_does(cls: str, on_drop: str) -> None:
    assert MODELS.classes[cls].on_drop == on_drop


@pytest.mark.parametrize(("method", "releases"), [("release", "argument"), ("acquire", "self")])
def test_whose_checkout_a_release_gives_back(method: str, releases: str) -> None:
    row = MODELS.method(MODELS.classes["asyncpg.Pool"], method)
    assert row is not None
    assert row.releases == releases


@pytest.mark.parametrize(
    "alias",
    [
        "sqlalchemy.ext.asyncio.session.AsyncSession",
        "sqlalchemy.orm.session.Session",
        "sqlalchemy.engine.base.Connection",
        "asyncpg.pool.Pool",
        "psycopg_pool.pool_async.AsyncConnectionPool",
        "requests.sessions.Session",
    ],
)
def test_a_class_is_found_by_its_aliases(alias: str) -> None:
    cls = MODELS.classes[alias]
    assert cls.name != alias
    assert cls is MODELS.classes[cls.name]


def test_a_function_is_found_by_its_aliases() -> None:
    assert MODELS.functions["sqlmodel.create_engine"] is MODELS.functions["sqlalchemy.create_engine"]


def test_methods_and_attributes_are_inherited_and_overridden() -> None:
    session = MODELS.classes["sqlmodel.ext.asyncio.session.AsyncSession"]
    inherited = MODELS.method(session, "execute")
    assert inherited is not None
    assert inherited is MODELS.method(MODELS.classes[AIO + "AsyncSession"], "execute")
    assert MODELS.attribute(session, "bind") == AIO + "AsyncEngine"
    assert MODELS.attribute(session, "sync_session") == "sqlmodel.Session"
    roles = [MODELS.method(MODELS.classes[f"psycopg.{name}"], "fetchone") for name in ("Cursor", "ServerCursor")]
    assert [row and row.role for row in roles] == ["local", "query"]


def test_what_is_not_known_is_none() -> None:
    session = MODELS.classes[AIO + "AsyncSession"]
    assert MODELS.method(session, "frobnicate") is None
    assert MODELS.attribute(session, "frobnicate") is None


@pytest.mark.parametrize(
    ("name", "role"),
    [("put_object", "external"), ("invoke", "external"), ("get_paginator", "local"), ("close", "release")],
)
def test_fallback_covers_what_has_no_row(name: str, role: str) -> None:
    row = MODELS.method(MODELS.classes["botocore.client.BaseClient"], name)
    assert row is not None
    assert row.role == role


def test_fallback_covers_public_names_only() -> None:
    assert MODELS.method(MODELS.classes["botocore.client.BaseClient"], "__enter__") is None


def test_a_row_of_a_base_comes_before_a_fallback() -> None:
    base = schema.Class("x.Base", "client", "sync", methods=(schema.Method(("local",), "sync"),))
    anything = schema.Method(("*",), "sync", role="external", effect="rpc")
    derived = schema.Class("x.Derived", "client", "sync", bases=("x.Base",), methods=(anything,))
    models = Models([schema.Library("x", (), ("x",), classes=(base, derived))])
    assert models.method(derived, "local") is base.methods[0]
    assert models.method(derived, "other") is anything


@pytest.mark.parametrize(
    ("cls", "base", "answer"),
    [
        ("sqlmodel.Session", "sqlalchemy.orm.session.Session", True),
        ("sqlmodel.Session", "sqlmodel.Session", True),
        ("sqlalchemy.TwoPhaseTransaction", "sqlalchemy.Transaction", True),
        ("sqlalchemy.orm.Session", "sqlmodel.Session", False),
        ("sqlalchemy.orm.Session", "unheard.of", False),
    ],
)
def test_is_a(cls: str, base: str, answer: bool) -> None:
    assert MODELS.is_a(MODELS.classes[cls], base) is answer


def test_roots() -> None:
    assert {"sqlalchemy", "asyncpg", "httpx", "time"} <= MODELS.roots
    assert {"sqlalchemy", "asyncpg"} <= MODELS.screened_roots
    assert not {"httpx", "time"} & MODELS.screened_roots


def test_it_is_read_once() -> None:
    assert load() is MODELS


TIMED = """
import msgspec, sys, time
start = time.perf_counter()
from poolint.models.loader import load
load()
print(time.perf_counter() - start)
print(*sys.modules)
"""


def test_loading_touches_no_toml() -> None:
    run = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split()[1:])
    assert "poolint.models.loader" in modules
    assert not modules & {"tomllib", "tomli", "libcst", "argparse", "poolint.models.build"}


def test_only_sockets_wait_for_the_one_at_their_other_end() -> None:
    """POL406 says of such a call that it waits for its client: a store or a server that is asked is none."""
    rows = [
        (library.library, row.names)
        for library in libraries()
        for cls in library.classes
        for row in cls.methods
        if row.effect == "client"
    ]
    assert {library for library, _ in rows} == {"aiohttp", "starlette", "websockets"}
    assert not [one for library in libraries() for one in library.functions if one.effect == "client"]
