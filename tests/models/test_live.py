"""Holds every row of the models to the real libraries: what a model says is what the installed library does.

Most rows are told by `inspect`. Where it cannot tell, the call is made (`_observe`, no network), and where even that is
not possible, one of the tables below names the reason and what is checked instead.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import inspect
import re
import sys
import urllib.request
import warnings
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from poolint.models.loader import FALLBACK, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.models.schema import Class, Function, Method

MODELS = load()
CLASSES = {cls.name: cls for cls in MODELS.classes.values()}
FUNCTIONS = {function.name: function for function in MODELS.functions.values()}
PSEUDO = {name for name in CLASSES if name.startswith("poolint.")}
REAL = sorted(CLASSES.keys() - PSEUDO)

NOWHERE = "http://nowhere.invalid"
SA = "sqlalchemy."
AIO = "sqlalchemy.ext.asyncio."

ONLY_IN = {
    # Names that came or went: the versions [from, to) of their library that have them.
    "sqlalchemy.FallbackAsyncAdaptedQueuePool": ((2, 0), (2, 1)),
    "sqlalchemy.orm.Session.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.sessionmaker.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.scoped_session.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.Session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.orm.Session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.orm.scoped_session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.orm.scoped_session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.orm.SessionTransaction.bound_connection": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.delete_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.merge_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.get_async_bind": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.bind_mapper": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.bind_table": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSessionTransaction.bound_connection": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.get_async_bind": ((2, 1), (3,)),
}

BROKEN_PROTOCOLS = {
    # A `with` that the class has but that cannot work, so the model leaves it out; each is tried below.
    ("aiohttp.ClientSession", "__enter__"): "raises `TypeError: Use async with instead`",
    (AIO + "AsyncResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
    (AIO + "AsyncScalarResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
    (AIO + "AsyncMappingResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
}

FORWARDED = {
    # Passed on to the driver's connection by `__getattr__`: looked up on a real one.
    (SA + "PoolProxiedConnection", "cursor"),
    (SA + "PoolProxiedConnection", "commit"),
    (SA + "PoolProxiedConnection", "rollback"),
    (SA + "pool.base._ConnectionFairy", "commit"),
    (SA + "pool.base._ConnectionFairy", "rollback"),
}

GENERATED = {
    # Their methods are made at run time: looked up on real clients and resources, made without network.
    "botocore.client.BaseClient",
    "boto3.resources.base.ServiceResource",
}


ANNOTATED_CONTEXTS = {
    # Calling it without entering what it gives would leave a session open: the class in its annotation is looked at.
    "aiohttp.request": "_SessionRequestContextManager",
}

ANNOTATED_AS = {
    # Annotations that say in other words what the model says: what they name, and the type in the model.
    SA + "Result.tuples": ("TupleResult", "self"),  # for type checkers only: it gives the result itself
    AIO + "AsyncResult.tuples": ("AsyncTupleResult", "self"),
    SA + "Engine.execution_options": ("OptionEngine", "self"),  # a copy that shares the pool
    "sqlmodel.Session.exec": ("Union", SA + "Result"),  # of a Result and a ScalarResult, by the statement
    "sqlmodel.ext.asyncio.session.AsyncSession.exec": ("Union", SA + "Result"),
    "psycopg.connect": ("Self", "psycopg.Connection"),  # a bound class method
    "psycopg.Connection.connect": ("Self", "psycopg.Connection"),
    "psycopg.AsyncConnection.connect": ("Self", "psycopg.AsyncConnection"),
    "psycopg_pool.ConnectionPool.connection": ("CT", "poolint.psycopg_pool.Connection"),  # bound type variables
    "psycopg_pool.ConnectionPool.getconn": ("CT", "poolint.psycopg_pool.Connection"),
    "psycopg_pool.AsyncConnectionPool.connection": ("ACT", "poolint.psycopg_pool.AsyncConnection"),
    "psycopg_pool.AsyncConnectionPool.getconn": ("ACT", "poolint.psycopg_pool.AsyncConnection"),
    "redis.asyncio.client.Redis.initialize": ("_RedisT", "self"),
    "redis.asyncio.connection.ConnectionPool.from_url": ("_CP", "self"),
    "urllib3.request": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
    "urllib3.PoolManager.request": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
    "urllib3.PoolManager.urlopen": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
    "urllib3.PoolManager.request_encode_body": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
    "urllib3.PoolManager.request_encode_url": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
    "aiohttp.request": ("_SessionRequestContextManager", "aiohttp.ClientResponse"),
} | {
    f"aiohttp.ClientSession.{verb}": ("_RequestContextManager", "aiohttp.ClientResponse")
    for verb in ("get", "post", "put", "patch", "delete", "head", "options", "request")
}

MENTIONED_IN = {
    # No annotation, and no value without a peer: the source of this object names the class.
    "asyncpg.connect": "asyncpg.connect",
    "asyncpg.Connection.prepare": "asyncpg.connection",
    "asyncpg.Connection.cursor": "asyncpg.cursor.CursorFactory.__await__",
    "asyncpg.prepared_stmt.PreparedStatement.cursor": "asyncpg.cursor.CursorFactory.__await__",
    "asyncpg.Pool.acquire": "asyncpg.pool.PoolConnectionHolder.acquire",
    "http.client.HTTPConnection.getresponse": "http.client.HTTPConnection",
    "urllib.request.urlopen": "urllib.request",
    "urllib.request.OpenerDirector.open": "http.client.HTTPConnection",
}


# ---------------------------------------------------------------------------------------------------------- helpers


def resolve(path: str) -> Any:
    """The object at a qualified name, imported as far as its modules go."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(path)


def expected(name: str) -> bool:
    """Whether the installed version of its library is one of those that have ``name``."""
    if name not in ONLY_IN:
        return True
    since, until = ONLY_IN[name]
    installed = importlib.metadata.version(name.partition(".")[0])
    return since <= tuple(map(int, re.findall(r"\d+", installed)))[:2] < until


def owners(cls: Class, method: str) -> list[str]:
    """The names under which something may be said of ``method``: the class and its bases."""
    return [f"{one.name}.{method}" for one in MODELS.lineage(cls)]


def exists(name: str) -> bool:
    """Whether the installed libraries have something of this name."""
    try:
        resolve(name)
    except AttributeError:
        return False
    return True


def methods(cls: Class) -> list[str]:
    """The names that the rows of a class and its bases tell, without the fallback."""
    rows = [row for one in MODELS.lineage(cls) for row in one.methods]
    return [name for name in dict.fromkeys(name for row in rows for name in row.names) if name != FALLBACK]


@dataclass
class Seen:
    """What a call was seen to give."""

    value: Any
    awaited: Any = None
    entered: Any = None


def given(kind: type) -> str:
    """The kind of call that gives values of a class, in the words of the schema."""
    if hasattr(kind, "__await__"):
        return "awaitable-cm" if hasattr(kind, "__aenter__") else "awaitable"
    if hasattr(kind, "__aenter__"):
        return "async-cm"
    return "cm" if hasattr(kind, "__enter__") else "sync"


HERE = [name for name in REAL if expected(name)]


@cache
def observed() -> dict[str, Seen]:
    """All calls that are made for this test, by qualified name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return asyncio.run(_observe())


async def _observe() -> dict[str, Seen]:
    seen: dict[str, Seen] = {}

    async def record(name: str, make: Callable[[], Any], *, use: bool = True) -> None:
        """Make the call; where the result may be used here, await one and enter another."""
        one = seen[name] = Seen(make())
        kind = type(one.value)
        if not use and isinstance(one.value, Coroutine):
            one.value.close()
        if use and hasattr(kind, "__await__"):
            one.awaited = await one.value
            for end in ("close", "rollback"):
                if hasattr(one.awaited, end):
                    await getattr(one.awaited, end)()
                    break
        if use and hasattr(kind, "__aenter__"):
            async with make() if hasattr(kind, "__await__") else one.value as one.entered:
                pass
        if hasattr(kind, "__enter__"):
            with one.value as one.entered:
                pass

    await _observe_sqlalchemy(record)
    await _observe_aiosqlite(record)
    await _observe_asyncpg(record)
    await _observe_aiohttp(record)
    await _observe_boto(record)
    await record("urllib.request.build_opener", urllib.request.build_opener)
    return seen


async def _observe_sqlalchemy(record: Any) -> None:
    import sqlalchemy
    from sqlalchemy import orm
    from sqlalchemy.ext import asyncio as aio

    text = sqlalchemy.text("select 1")
    engine = aio.create_async_engine("sqlite+aiosqlite://")
    await record(AIO + "AsyncEngine.connect", engine.connect)
    await record(AIO + "AsyncEngine.begin", engine.begin)
    async with engine.connect() as connection:
        await record(AIO + "AsyncConnection.begin", connection.begin)
        await record(AIO + "AsyncConnection.begin_nested", connection.begin_nested)
        await record(AIO + "AsyncConnection.stream", lambda: connection.stream(text))
        await record(AIO + "AsyncConnection.stream_scalars", lambda: connection.stream_scalars(text))
    maker = aio.async_sessionmaker(engine)
    scoped = aio.async_scoped_session(maker, scopefunc=lambda: 1)
    await record(AIO + "async_sessionmaker.__call__", maker)
    await record(AIO + "async_sessionmaker.begin", maker.begin)
    await record(AIO + "AsyncSession.begin", lambda: maker().begin())
    await record(AIO + "AsyncSession.begin_nested", lambda: maker().begin_nested())
    await record(AIO + "async_scoped_session.__call__", scoped)
    await record(AIO + "async_scoped_session.begin", scoped.begin)
    await record(AIO + "async_scoped_session.begin_nested", scoped.begin_nested)
    await scoped.remove()
    await engine.dispose()

    sync = sqlalchemy.create_engine("sqlite://")
    await record(SA + "Engine.connect", sync.connect)
    await record(SA + "Engine.begin", sync.begin)
    await record(SA + "Engine.raw_connection", sync.raw_connection)
    await record(SA + "Pool.connect", sync.pool.connect)
    await record(SA + "orm.sessionmaker.__call__", orm.sessionmaker(sync))
    await record(SA + "orm.sessionmaker.begin", orm.sessionmaker(sync).begin)
    await record(SA + "orm.scoped_session.__call__", orm.scoped_session(orm.sessionmaker(sync)))
    await record(SA + "orm.Session.begin", lambda: orm.Session(sync).begin())
    with sync.connect() as plain:
        await record(SA + "Connection.begin", plain.begin)
    sync.dispose()


async def _observe_aiosqlite(record: Any) -> None:
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


async def _observe_asyncpg(record: Any) -> None:
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


async def _observe_aiohttp(record: Any) -> None:
    import aiohttp

    await record("aiohttp.ClientResponse.release", lambda: aiohttp.ClientResponse.release(Mock()))
    async with aiohttp.ClientSession() as session:
        for verb in ("get", "post", "put", "patch", "delete", "head", "options", "ws_connect"):
            await record(f"aiohttp.ClientSession.{verb}", partial(getattr(session, verb), NOWHERE), use=False)
        await record("aiohttp.ClientSession.request", lambda: session.request("GET", NOWHERE), use=False)


async def _observe_boto(record: Any) -> None:
    import boto3

    session = boto_session()
    await record("boto3.Session.client", lambda: session.client("s3"))
    await record("boto3.Session.resource", lambda: session.resource("s3"))
    client = session.client("s3")
    paginator = client.get_paginator("list_objects_v2")
    await record("botocore.client.BaseClient.get_paginator", lambda: paginator)
    await record("botocore.client.BaseClient.get_waiter", lambda: client.get_waiter("bucket_exists"))
    await record("botocore.paginate.Paginator.paginate", lambda: paginator.paginate(Bucket="b"))
    # The functions of the module hand on to a session of its own.
    await record("boto3.client", lambda: boto3.client("s3", **BOTO))
    await record("boto3.resource", lambda: boto3.resource("s3", **BOTO))
    s3, sqs, sns, dynamodb = (session.resource(name) for name in ("s3", "sqs", "sns", "dynamodb"))
    for service, thing, *key in (
        (s3, "Bucket", "b"),
        (s3, "Object", "b", "k"),
        (s3, "ObjectSummary", "b", "k"),
        (sqs, "Queue", NOWHERE),
        (sqs, "Message", NOWHERE, "r"),
        (sns, "Topic", "arn:aws:sns:us-east-1:1:t"),
        (dynamodb, "Table", "t"),
    ):
        await record(f"boto3.resources.base.ServiceResource.{thing}", partial(getattr(service, thing), *key))


BOTO = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


@cache
def boto_session() -> Any:
    import boto3

    return boto3.Session(**BOTO)


@cache
def boto() -> dict[str, list[Any]]:
    """Real clients, resources and the things in them."""
    name = "boto3.resources.base.ServiceResource"
    services = [boto_session().resource(service) for service in ("s3", "sqs", "sns", "dynamodb")]
    things = [seen.value for key, seen in observed().items() if key.startswith(name)]
    clients = [boto_session().client(service) for service in ("s3", "sqs", "rds")]
    return {"botocore.client.BaseClient": clients, name: services + things}


@cache
def driver_connection() -> Any:
    import sqlalchemy

    return sqlalchemy.create_engine("sqlite://").raw_connection()


def lookup(cls: Class, method: str) -> Any:
    """The real function behind a row; raises AttributeError where there is none."""
    if cls.name in GENERATED:
        for one in boto()[cls.name]:
            if hasattr(one, method):
                return getattr(one, method)
        raise AttributeError(method)
    if (cls.name, method) in FORWARDED:
        return getattr(driver_connection(), method)
    return getattr(resolve(cls.name), method)


def unwrapped(function: Any) -> Any:
    """The function under its decorators, but not under those that make a context manager of it."""
    while hasattr(function, "__wrapped__") and not inspect.iscoroutinefunction(function) and not _manager(function):
        function = function.__wrapped__
    return function


def _manager(function: Any) -> str:
    """``cm`` or ``async-cm`` for a generator function under contextlib's decorators or one of their like."""
    if inspect.isasyncgenfunction(getattr(function, "__wrapped__", None)):
        return "async-cm"
    return "cm" if inspect.isgeneratorfunction(getattr(function, "__wrapped__", None)) else ""


def returned(function: Any) -> str:
    """The annotation of what a function returns, as text; empty where it has none."""
    function = inspect.unwrap(function)
    if sys.version_info >= (3, 14):
        import annotationlib

        return str(annotationlib.get_annotations(function, format=annotationlib.Format.STRING).get("return", ""))
    annotation = getattr(function, "__annotations__", {}).get("return", "")
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def nature(function: Any) -> str:
    """The kind of call, as far as `inspect` and the annotation tell it, in the words of the schema."""
    function = unwrapped(function)
    if _manager(function):
        return _manager(function)
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    if inspect.isasyncgenfunction(function):
        return "async-generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "sync"


def disagreement(name: str, call: Method | Function, function: Any, seen: Seen | None) -> str:
    """In what the real call is not of the kind that the row says; empty where it is."""
    context = ANNOTATED_CONTEXTS.get(name)
    if context is not None:
        assert context in returned(function)
        found = given(resolve(f"{function.__module__}.{context}"))
    elif seen is not None:
        found = given(type(seen.value))
        if found in ("cm", "async-cm") and seen.entered is seen.value:
            found = "sync"  # the block binds what the call gave: it was usable before
    else:
        found = nature(function)
        if found == "sync" and re.search(r"Awaitable|Coroutine|ContextManager|Future", returned(function)):
            found = f"sync -> {returned(function)}"
    return "" if found == call.call else f"{name}: the model says {call.call}, it is {found}"


def result_problems(name: str, row: Method | Function, cls: Class | None, function: Any) -> list[str]:
    """Where what the call gives, is awaited to or binds is not of the type that the row says."""
    seen = observed().get(name)
    values = []
    if seen is not None:
        values = [value for value in (seen.awaited, seen.entered) if value is not None]
        if not values or (row.call in ("sync", "async-cm") and row.returns):
            values = [seen.value]
    problems = []
    for expression in filter(None, (row.returns, row.enters)):
        type_name = CLASSES[expression].bases[0] if expression in PSEUDO else expression
        if cls is not None and expression.startswith("$"):
            type_name = cls.parameters[int(expression[1:])]
        if cls is not None and expression == "self":
            type_name = cls.name
        real = resolve(type_name)
        words = re.findall(r"\w+", returned(function))
        own = {"Self", "_T"} if expression == "self" else set()
        if values and all(isinstance(value, real) for value in values):
            continue
        annotated, model = ANNOTATED_AS.get(name, ("", ""))
        if annotated in words and model == expression:
            continue
        if name in MENTIONED_IN and real.__name__ in inspect.getsource(resolve(MENTIONED_IN[name])):
            continue
        if not ({real.__name__} | own) & set(words):
            problems.append(f"{name}: it gives {values or returned(function)!r}, the model says {expression}")
    return problems


@cache
def attributes() -> dict[str, Any]:
    """The value of each attribute that the models tell, by its qualified name, from a real object of its class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return asyncio.run(_attributes())


async def _attributes() -> dict[str, Any]:
    import psycopg
    import sqlalchemy
    import sqlmodel
    from sqlalchemy import orm
    from sqlalchemy.ext import asyncio as aio
    from sqlmodel.ext.asyncio.session import AsyncSession as SQLModelSession

    sync = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    connection = sync.connect()
    session = orm.Session(sync)
    session.begin()
    nested = session.begin_nested()
    engine = aio.create_async_engine("sqlite+aiosqlite://")
    started = await engine.connect()
    asynchronous = aio.AsyncSession(engine)
    plain = Mock(spec=psycopg.Connection, pgconn=Mock(), adapters=psycopg.adapters, row_factory=Mock())
    other = Mock(spec=psycopg.AsyncConnection, pgconn=Mock(), adapters=psycopg.adapters, row_factory=Mock())
    objects: dict[str, Any] = {
        SA + "Engine": sync,
        SA + "Connection": connection,
        SA + "Transaction": connection.begin(),
        SA + "CursorResult": connection.execute(sqlalchemy.text("select 1")),
        SA + "orm.Session": session,
        SA + "orm.SessionTransaction": nested,
        SA + "orm.Query": session.query(sqlalchemy.text("1")),
        SA + "orm.scoped_session": orm.scoped_session(orm.sessionmaker(sync)),
        "sqlmodel.Session": sqlmodel.Session(sync),
        "sqlmodel.ext.asyncio.session.AsyncSession": SQLModelSession(engine),
        AIO + "AsyncEngine": engine,
        AIO + "AsyncConnection": started,
        AIO + "AsyncTransaction": await started.begin(),
        AIO + "AsyncSession": asynchronous,
        AIO + "AsyncSessionTransaction": await asynchronous.begin(),
        AIO + "async_scoped_session": aio.async_scoped_session(aio.async_sessionmaker(engine), scopefunc=lambda: 1),
        "botocore.client.BaseClient": boto_session().client("s3"),
        "psycopg.Cursor": psycopg.Cursor(plain),
        "psycopg.Transaction": psycopg.Transaction(plain),
        "psycopg.AsyncCursor": psycopg.AsyncCursor(other),
        "psycopg.AsyncTransaction": psycopg.AsyncTransaction(other),
    }
    values = {
        f"{name}.{attribute}": getattr(real, attribute)
        for name, real in objects.items()
        for attribute in CLASSES[name].attributes
    }
    await started.close()
    await engine.dispose()
    return values


# ------------------------------------------------------------------------------------------------------------ tests


@pytest.mark.parametrize("name", REAL)
def test_class_exists_by_every_name(name: str) -> None:
    if not expected(name):
        assert not exists(name)
        return
    cls = CLASSES[name]
    real = resolve(name)
    assert isinstance(real, type)
    for alias in cls.aliases:
        assert resolve(alias) is real, alias
    defined = f"{real.__module__}.{real.__qualname__}"
    private = any(part.startswith("_") for part in real.__module__.split("."))
    assert private or defined in (name, *cls.aliases), f"it is defined as {defined}"


@pytest.mark.parametrize("name", HERE)
def test_protocols(name: str) -> None:
    cls = CLASSES[name]
    real = resolve(name)
    for special, told in (("__enter__", cls.enter), ("__aenter__", cls.async_enter), ("__await__", cls.awaits)):
        has = hasattr(real, special) and (name, special) not in BROKEN_PROTOCOLS
        assert has == bool(told), special


@pytest.mark.parametrize(("name", "special"), BROKEN_PROTOCOLS)
def test_broken_protocols_are_broken(name: str, special: str) -> None:
    real = resolve(name)
    if name.startswith("aiohttp"):
        with pytest.raises(TypeError, match="async with"):
            getattr(real, special)(Mock())
    else:
        assert special not in vars(real)
        assert nature(real.__exit__) == "sync"
        assert nature(real.close) == "coroutine"


@pytest.mark.parametrize("name", [name for name in HERE if CLASSES[name].bases])
def test_bases(name: str) -> None:
    for base in CLASSES[name].bases:
        if name == "asyncpg.pool.PoolConnectionProxy":
            # A proxy: no subclass, but an instance of asyncpg.Connection by its metaclass, with the same methods.
            real = resolve(name)
            assert isinstance(real.__new__(real), resolve(base))
        else:
            assert issubclass(resolve(name), resolve(base))


@pytest.mark.parametrize("name", HERE)
def test_methods(name: str) -> None:
    """Each method, inherited ones too, exists and is of the kind that its row says."""
    cls = CLASSES[name]
    found = []
    for method in methods(cls):
        row = MODELS.method(cls, method)
        assert row is not None
        if not all(map(expected, owners(cls, method))):
            assert not exists(f"{name}.{method}"), method
            continue
        function = lookup(cls, method)
        assert callable(function), method
        seen = next((observed()[owner] for owner in owners(cls, method) if owner in observed()), None)
        found.append(disagreement(f"{name}.{method}", row, function, seen))
        if any(method in own.names for own in cls.methods):
            found += result_problems(f"{name}.{method}", row, cls, function)
    assert not list(filter(None, found))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function(name: str) -> None:
    row = FUNCTIONS[name]
    function = resolve(name)
    assert callable(function)
    for alias in row.aliases:
        assert resolve(alias) is function, alias
    assert not disagreement(name, row, function, observed().get(name))
    assert not result_problems(name, row, None, function)


@pytest.mark.parametrize("name", [name for name in HERE if CLASSES[name].attributes])
def test_attributes(name: str) -> None:
    cls = CLASSES[name]
    for attribute, expression in cls.attributes.items():
        value = attributes()[f"{name}.{attribute}"]
        real = resolve(cls.name if expression == "self" else expression) if expression else object
        assert isinstance(value, real), attribute


def test_every_operation_of_a_client_has_an_effect() -> None:
    cls = CLASSES["botocore.client.BaseClient"]
    for client in boto()[cls.name]:
        for operation in client.meta.method_to_api_mapping:
            row = MODELS.method(cls, operation)
            assert row is not None
            assert row.role == "external", operation


@pytest.mark.parametrize("mode", ["async", "sync"])
def test_evidence_means_the_same_on_sessions_and_connections(mode: str) -> None:
    prefix = {"async": AIO + "Async", "sync": SA}[mode]
    both = [
        MODELS.classes[prefix + "Session" if mode == "async" else SA + "orm.Session"],
        MODELS.classes[prefix + "Connection"],
    ]
    evidence = CLASSES["poolint.evidence.AsyncDatabase" if mode == "async" else "poolint.evidence.SyncDatabase"]
    for method in methods(evidence):
        row = MODELS.method(evidence, method)
        assert row is not None
        real = [other for cls in both if (other := MODELS.method(cls, method)) is not None]
        assert real, method
        assert {(other.call, other.role) for other in real} == {(row.call, row.role)}, method
