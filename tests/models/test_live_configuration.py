"""Holds what the models say of dialects, drivers, pools and their arguments to the real libraries.

Engines are made, and where an argument is refused at the first connect only, a connection to nowhere is tried: nothing
listens there, and an argument that is refused is refused before anybody notices.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import threading
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import create_async_engine
from tests.models.live.looking import resolve

from poolint.models.loader import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.models.schema import Class, Driver, Maker, Method

pytestmark = pytest.mark.filterwarnings("ignore")

MODELS = load()
DRIVERS = sorted(MODELS.drivers)
POOLS = [one for name, one in sorted(MODELS.classes.items()) if one.pool is not None and name == one.name]
MAKERS = sorted(MODELS.makers.values(), key=lambda one: one.name)
IS_2_0 = sqlalchemy.__version__.startswith("2.0")

URLS = {"sync": "postgresql+psycopg2://u@127.0.0.1:1/x", "async": "postgresql+asyncpg://u@127.0.0.1:1/x"}
DATABASES = {
    "postgresql": "u@127.0.0.1:1/x",
    "mysql": "u@127.0.0.1:1/x",
    "mariadb": "u@127.0.0.1:1/x",
    "sqlite": "/poolint.db",
}
INSTALLED = (
    "asyncpg",
    "psycopg",
    "psycopg_async",
    "psycopg2",
    "pymysql",
    "aiomysql",
    "asyncmy",
    "pysqlite",
    "aiosqlite",
)
FOREIGN = ("pool_size", "max_overflow", "pool_timeout", "pool_recycle", "pool_pre_ping", "pool_use_lifo", "echo_pool")


def dialect_class(dialect: str, driver: str, kind: str) -> Any:
    cls = registry.load(f"{dialect}.{driver}")
    if dialect == "mariadb":
        cls = registry.load(f"mysql.{driver}")
    return cls.get_async_dialect_cls(sqlalchemy.make_url(f"{dialect}://")) if kind == "async" else cls


@pytest.mark.parametrize(("dialect", "driver"), DRIVERS)
def test_a_driver_works_in_engines_of_its_kind(dialect: str, driver: str) -> None:
    row = MODELS.drivers[dialect, driver]
    kinds = {kind for kind in ("sync", "async") if dialect_class(dialect, driver, kind).is_async == (kind == "async")}
    assert kinds == ({"sync", "async"} if row.kind == "both" else {row.kind})


@pytest.mark.parametrize(("dialect", "driver"), DRIVERS)
def test_its_substitute_is_of_the_other_kind(dialect: str, driver: str) -> None:
    row = MODELS.drivers[dialect, driver]
    if row.substitute:
        other = row.substitute.removeprefix("+")
        assert MODELS.drivers[dialect, other].kind in ("both", "async" if row.kind == "sync" else "sync")


@pytest.mark.parametrize("dialect", sorted(MODELS.dialects))
def test_a_dialect_has_the_default_driver(dialect: str) -> None:
    row = MODELS.dialects[dialect]
    default = registry.load("mysql" if dialect == "mariadb" else dialect)
    expected = row.default if IS_2_0 else row.newer or row.default
    assert default.driver == expected
    assert (dialect, row.default) in MODELS.drivers
    assert not row.newer or (dialect, row.newer) in MODELS.drivers


def made(kind: str, url: str = "", **arguments: Any) -> Any:
    make = create_async_engine if kind == "async" else sqlalchemy.create_engine
    return make(url or URLS[kind], **arguments)


def refusal(kind: str, **arguments: Any) -> str:
    """What making an engine, and asking it for a connection, says; empty where it says nothing of the arguments."""
    try:
        engine = made(kind, **arguments)
    except (TypeError, sqlalchemy.exc.ArgumentError) as error:
        return f"{type(error).__name__}: {error}"
    assert engine is not None
    return ""


@pytest.mark.parametrize("row", POOLS, ids=lambda row: row.name)
def test_a_pool_class_fits_the_engines_that_it_is_said_to(row: Class) -> None:
    if row.name.endswith("FallbackAsyncAdaptedQueuePool") and not IS_2_0:
        pytest.skip("gone in 2.1")
    cls = resolve(row.name)
    assert row.pool is not None
    in_async = refusal("async", poolclass=cls)
    assert ("cannot be used with asyncio engine" in in_async) == (row.pool.engines == "sync")
    if row.pool.engines == "async" and not IS_2_0:
        with pytest.raises(sqlalchemy.exc.ArgumentError, match="non-asyncio engine"):
            made("sync", "sqlite://", poolclass=cls).connect()


@pytest.mark.parametrize("row", POOLS, ids=lambda row: row.name)
@pytest.mark.parametrize("argument", ["pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"])
def test_a_pool_class_refuses_what_it_does_not_take(row: Class, argument: str) -> None:
    if row.name.endswith("FallbackAsyncAdaptedQueuePool") and not IS_2_0:
        pytest.skip("gone in 2.1")
    assert row.pool is not None
    kind = "async" if row.pool.engines == "async" else "sync"
    said = refusal(kind, poolclass=resolve(row.name), **{argument: 3})
    assert said.startswith(f"TypeError: Invalid argument(s) '{argument}' sent to create_engine()") == (
        argument not in row.pool.arguments
    )
    assert bool(said) == (argument not in row.pool.arguments)


@pytest.mark.parametrize("row", POOLS, ids=lambda row: row.name)
@pytest.mark.parametrize("argument", ["pool_recycle", "pool_pre_ping", "pool_reset_on_return"])
def test_what_every_pool_takes_is_no_argument_of_some(row: Class, argument: str) -> None:
    if row.name.endswith("FallbackAsyncAdaptedQueuePool") and not IS_2_0:
        pytest.skip("gone in 2.1")
    assert row.pool is not None
    assert argument not in row.pool.arguments
    kind = "async" if row.pool.engines == "async" else "sync"
    assert refusal(kind, poolclass=resolve(row.name), **{argument: True}) == ""


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_engines_have_the_pool_that_they_are_said_to_by_default(kind: str) -> None:
    maker = MODELS.makers[f"sqlalchemy.{'ext.asyncio.create_async_engine' if kind == 'async' else 'create_engine'}"]
    assert type(made(kind).pool) is resolve(maker.poolclass)
    memory = "sqlite+aiosqlite://" if kind == "async" else "sqlite://"
    assert type(made(kind, memory).pool) is resolve(MODELS.dialects["sqlite"].memory_pools[kind])
    assert type(made(kind, f"{memory}/poolint.db").pool) is resolve(maker.poolclass)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("argument", ["max_size", "min_size", "maxsize", "minsize", "pool_max_size", "maxconn"])
def test_engines_refuse_the_arguments_of_other_pools(kind: str, argument: str) -> None:
    assert refusal(kind, **{argument: 3}).startswith(f"TypeError: Invalid argument(s) '{argument}'")


def test_no_limit_is_no_limit() -> None:
    assert made("sync", pool_size=0, max_overflow=0).pool._max_overflow == -1
    assert made("sync", max_overflow=-1).pool._max_overflow == -1


# Drivers


def connecting(dialect: str, driver: str, **connect_args: Any) -> str:
    """What a connection to nowhere says when it is asked for with some arguments, behind the name of the exception."""
    kind = "async" if MODELS.drivers[dialect, driver].kind == "async" else "sync"
    engine = made(kind, f"{dialect}+{driver}://{DATABASES[dialect]}", connect_args=connect_args)

    async def connect() -> None:
        async with engine.connect():
            pass

    try:
        if kind == "async":
            asyncio.run(connect())
        else:
            engine.connect().close()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def says_refused(text: str, argument: str) -> bool:
    return f"'{argument}'" in text or f'"{argument}"' in text


@pytest.mark.parametrize(("dialect", "driver"), [one for one in DRIVERS if one[1] in INSTALLED and one[0] != "mariadb"])
def test_drivers_refuse_the_arguments_of_the_pool(dialect: str, driver: str) -> None:
    for argument in FOREIGN:
        said = connecting(dialect, driver, **{argument: 5})
        assert says_refused(said, argument), argument
        assert said.startswith(f"{MODELS.drivers[dialect, driver].refusal}: ")


@pytest.mark.parametrize(("dialect", "driver"), [one for one in DRIVERS if one[1] in INSTALLED and one[0] != "mariadb"])
def test_drivers_refuse_what_they_are_said_to(dialect: str, driver: str) -> None:
    row = MODELS.drivers[dialect, driver]
    unknown = ("sslmode", "keepalives", "check_same_thread", "command_timeout")
    refused = [*row.refuses, *(one for one in unknown if row.accepts and one not in row.accepts)]
    for argument in refused:
        assert says_refused(connecting(dialect, driver, **{argument: 5}), argument), argument


BY_DIALECT = {
    "async_creator_fn", "async_fallback", "prepared_statement_cache_size", "prepared_statement_name_func",
    "iter_chunk_size", "loop",
}  # fmt: skip
"""What SQLAlchemy's dialects, or the driver's own wrapper, take out of the arguments before they connect."""


SQLITE = {
    "database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory", "cached_statements",
    "uri", "autocommit",
}  # fmt: skip
"""The parameters of `sqlite3.connect`, which has no signature to ask."""


@pytest.mark.parametrize("row", [one for one in MODELS.drivers.values() if one.accepts], ids=lambda row: row.name)
def test_what_a_driver_takes_is_complete(row: Driver) -> None:
    real = set(inspect.signature(resolve("asyncpg.connect")).parameters) if row.name == "asyncpg" else SQLITE
    assert set(row.accepts) - BY_DIALECT == real - BY_DIALECT


# Makers


def signature(maker: Maker) -> Mapping[str, inspect.Parameter]:
    real = resolve(maker.name)
    found = dict(inspect.signature(real).parameters)
    if maker.makes == "engine":
        found.update(inspect.signature(sqlalchemy.create_engine).parameters)
    return found


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_a_maker_takes_what_it_is_said_to(maker: Maker) -> None:
    if maker.name.startswith("oracledb"):
        pytest.skip("its arguments are those of a compiled class: see below")
    if find_spec(maker.name.partition(".")[0]) is None:
        pytest.skip("it is not installed: it is held in an environment of its own")
    if maker.makes == "engine":
        engine = made(maker.kind)
        pool = engine.pool
        assert (pool.size(), pool._max_overflow, pool._timeout) == tuple(maker.defaults.values())
        return
    real = signature(maker)
    for name in filter(None, (maker.size, maker.overflow, maker.minimum, maker.timeout, maker.address)):
        assert name in real
    if not maker.name.startswith("psycopg2"):
        assert {name: real[name].default for name in maker.defaults} == maker.defaults
    order = [name for name, one in real.items() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    assert tuple(order[: len(maker.positional)]) == maker.positional


@pytest.mark.parametrize("maker", [one for one in MAKERS if one.accepts], ids=lambda maker: maker.name)
def test_what_a_maker_takes_is_complete(maker: Maker) -> None:
    real = {name for name, one in signature(maker).items() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}
    if any(one.kind is one.VAR_KEYWORD for one in signature(maker).values()):
        behind = importlib.import_module(maker.driver).connect if maker.driver else sqlalchemy.Pool.__init__
        real |= {name for name in inspect.signature(behind).parameters if name not in ("self", "_dispatch")}
    assert set(maker.accepts) == real


def making(maker: Maker, **arguments: Any) -> str:
    """What making a pool says, and connecting to nowhere."""
    make = resolve(maker.name)
    where: dict[str, Any] = {"host": "127.0.0.1", "port": 1, "user": "u"}
    if maker.name.startswith("psycopg_pool"):
        where = {"conninfo": "host=127.0.0.1 port=1", "open": False}
    elif maker.name.startswith("sqlalchemy"):
        where = {"creator": lambda: None}

    async def wait() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pool = make(**where, **arguments)
            if hasattr(pool, "__await__"):
                await pool

    try:
        asyncio.run(wait())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


POOLING = [one for one in MAKERS if one.makes == "pool" and not one.name.startswith("oracledb")]


@pytest.mark.parametrize(
    "maker", [one for one in POOLING if one.accepts or one.refusal != "TypeError"], ids=lambda m: m.name
)
def test_a_pool_refuses_the_arguments_of_others(maker: Maker) -> None:
    for argument in ("pool_size", "max_size", "maxsize", "min_size", "minsize", "maxconn", "max_overflow"):
        if argument in (maker.size, maker.overflow, maker.minimum):
            continue
        said = making(maker, **{argument: 3})
        assert said.startswith(maker.refusal), argument
        assert says_refused(said, argument), argument


@pytest.mark.parametrize("maker", [one for one in POOLING if one.ordered], ids=lambda maker: maker.name)
def test_a_pool_refuses_a_size_below_its_minimum(maker: Maker) -> None:
    assert making(maker, **{maker.size: 3, maker.minimum: 5}).startswith("ValueError")
    default = int(maker.defaults[maker.minimum])
    if default > 1:
        assert making(maker, **{maker.size: default - 1}).startswith("ValueError")
        assert not making(maker, **{maker.size: default}).startswith("ValueError")


# How long a checkout waits

ENDLESS = [
    (cls.name, method)
    for name, cls in sorted(MODELS.classes.items())
    for method in cls.methods
    if name == cls.name and method.endless
]


@pytest.mark.parametrize(("name", "method"), ENDLESS)
def test_an_endless_checkout_takes_no_timeout_but_the_one_that_is_named(name: str, method: Method) -> None:
    if name.startswith("aioodbc"):
        pytest.importorskip("aioodbc", exc_type=ImportError, reason="aioodbc, or the library of ODBC, is missing")
    if find_spec(name.partition(".")[0]) is None:
        pytest.skip("it is not installed: it is held in an environment of its own")
    for one in method.names:
        taken = inspect.signature(getattr(resolve(name), one)).parameters
        assert {each for each in taken if "timeout" in each} == set(filter(None, [method.timeout]))
        assert not method.timeout or taken[method.timeout].default is None


def test_without_a_timeout_a_queue_waits_until_a_connection_comes_back() -> None:
    engine = sqlalchemy.create_engine(
        "sqlite://",
        poolclass=sqlalchemy.QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=None,
        connect_args={"check_same_thread": False},
    )
    first = engine.connect()
    giving_back = threading.Timer(0.2, first.close)
    giving_back.start()
    engine.connect().close()
    giving_back.join()
    engine.dispose()


@pytest.mark.parametrize("name", sorted(MODELS.manners["kept-by-connection"]))
def test_what_a_connection_keeps_is_an_argument_of_it(name: str) -> None:
    function, _, argument = name.rpartition(".")
    if "asyncpg_dbapi" not in function:
        assert argument in inspect.signature(resolve(function)).parameters
    elif IS_2_0:  # it takes its own out of the keywords that it passes on
        owner = resolve(function.rpartition(".")[0])
        source = inspect.getsource(owner.connect) + inspect.getsource(sys.modules[owner.__module__])
        assert f'"{argument}"' in source
