"""Holds the tables about names, events and exceptions to the real libraries."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import multiprocessing.process
import sqlite3
from typing import Any

import pytest
import sqlalchemy.ext.asyncio as aio
from sqlalchemy import create_engine, event, exc
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine.events import ConnectionEvents, DialectEvents
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.orm.events import SessionEvents
from sqlalchemy.pool import QueuePool
from sqlalchemy.pool.events import PoolEvents
from tests.models.live.names import exported

from poolint.models import build
from poolint.models.api_rows import Wrapped
from poolint.models.loader import load
from poolint.models.schema import Fork
from poolint.versions.ranges import release

MODELS = load()
VERIFIED = {row.module: library.verified[-1] for library in build.read_all() for row in library.modules}
DISTRIBUTION = {"sqlalchemy": "SQLAlchemy", "psycopg_pool": "psycopg-pool"}


@pytest.mark.parametrize("module", MODELS.modules)
def test_a_module_has_these_names(module: str) -> None:
    row = MODELS.modules[module]
    top = module.partition(".")[0]
    real = exported(module)
    assert real <= MODELS.names(module), f"write it anew: `python -m tests.models.live.names {module}`"
    if importlib.metadata.version(DISTRIBUTION.get(top, top)) == VERIFIED[module]:
        assert MODELS.names(module) - set(row.gone.split()) == real


@pytest.mark.parametrize("module", MODELS.modules)
def test_what_is_meant_is_there(module: str) -> None:
    for name, right in MODELS.modules[module].right.items():
        assert not hasattr(importlib.import_module(module), name)
        owner, _, last = right.rpartition(".")
        assert hasattr(importlib.import_module(owner or module), last)


# Events: the classes that document them, and an object of each target.

GROUPS = {
    "pool": PoolEvents,
    "connection": ConnectionEvents,
    "dialect": DialectEvents,
    "session": SessionEvents,
}


def documented(group: str) -> dict[str, Any]:
    found = inspect.getmembers(GROUPS[group], inspect.isfunction)
    return {name: function for name, function in found if not name.startswith("_")}


@pytest.mark.parametrize("group", MODELS.events)
def test_these_are_the_events_and_what_they_pass(group: str) -> None:
    row = MODELS.events[group]
    real = documented(group)
    assert {name: words.split() for name, words in row.listeners.items()} == {
        name: [*inspect.signature(function).parameters][1:] for name, function in real.items()
    }
    older = {name: getattr(function, "_legacy_signatures", ()) for name, function in real.items()}
    installed = release(importlib.metadata.version("sqlalchemy"))
    still = {name: one for name, one in row.legacy.items() if not one.until or installed < release(one.until)}
    assert {name: [(one.before, one.passes.split())] for name, one in still.items()} == {
        name: [(since, names) for since, names, _ in signatures] for name, signatures in older.items() if signatures
    }


def target(name: str) -> Any:
    engine, async_engine = create_engine("sqlite://"), create_async_engine("sqlite+aiosqlite://")
    makers = sessionmaker(engine), aio.async_sessionmaker(async_engine)
    objects = [engine, engine.connect(), engine.pool, makers[0](), makers[0], scoped_session(makers[0])]
    objects += [async_engine, async_engine.connect(), makers[1](), makers[1], aio.async_scoped_session(makers[1], int)]
    owner, _, last = name.rpartition(".")
    return next(one for one in objects if isinstance(one, getattr(importlib.import_module(owner), last)))


def taken(one: object, event_name: str, words: str) -> bool:
    """Whether a listener is taken; a target says in many ways that it is not."""
    listener = eval(f"lambda {', '.join(words.split())}: None")
    try:
        event.listen(one, event_name, listener)
    except (InvalidRequestError, NotImplementedError, AssertionError, AttributeError):
        return False
    event.remove(one, event_name, listener)
    return True


@pytest.mark.parametrize("name", MODELS.targets)
def test_a_target_takes_these_events(name: str) -> None:
    row, one = MODELS.targets[name], target(name)
    for group in MODELS.events.values():
        for event_name, words in group.listeners.items():
            assert taken(one, event_name, words) == (group.name in row.events), event_name
            if not row.events:
                assert not taken(type(one), event_name, words)
    if row.attribute:
        inner = getattr(one, row.attribute)
        owner, _, last = row.stands_for.rpartition(".")
        assert inner is None or isinstance(inner, getattr(importlib.import_module(owner), last))


# Exceptions: what SQLAlchemy makes of them.

DIALECTS = {"asyncpg": PGDialect_asyncpg, "psycopg": PGDialect_psycopg, "psycopg2": PGDialect_psycopg2}


def exceptions(module: str) -> dict[str, type[Exception]]:
    """The exceptions that a module of a driver exports, without warnings and messages that nobody raises."""
    found = inspect.getmembers(importlib.import_module(module), inspect.isclass)
    return {
        name: one
        for name, one in found
        if issubclass(one, Exception) and not issubclass(one, Warning) and not name.endswith("Warning")
    }


def arriving(one: type[Exception], driver: str) -> type[BaseException]:
    """The class of SQLAlchemy that an exception of a driver arrives in."""
    loaded = DIALECTS[driver].import_dbapi()
    translated = getattr(loaded, "_asyncpg_error_translate", None)
    if translated is not None:
        one = next((translated[each] for each in one.__mro__ if each in translated), one)
    named = (getattr(exc, each.__name__, None) for each in one.__mro__)
    found = (each for each in named if inspect.isclass(each) and issubclass(each, exc.DBAPIError))
    return next(found, exc.DBAPIError)


@pytest.mark.parametrize(
    ("row", "module"),
    [(row, module) for row in MODELS.wrapped for module in row.modules if module.partition(".")[0] in DIALECTS],
    ids=lambda one: one if isinstance(one, str) else one.home,
)
def test_exceptions_arrive_like_this(row: Wrapped, module: str) -> None:
    driver = module.partition(".")[0]
    raised = tuple(getattr(importlib.import_module(driver), name) for name in ROOTS[driver])
    told = {name: wrapper for wrapper, names in row.into.items() for name in names.split()}
    real = exceptions(module)
    for name, one in real.items():
        if issubclass(one, raised):
            wrapper = getattr(exc, told.get(name, told["*"]))
            if name in told:
                assert arriving(one, driver) in (wrapper, exc.DBAPIError if name == "Error" else wrapper), name
            else:
                assert issubclass(arriving(one, driver), wrapper), name
    assert set(row.connecting.split()) <= exceptions("asyncpg").keys()


ROOTS = {
    "asyncpg": ("PostgresError", "InterfaceError", "InternalClientError"),
    "psycopg": ("Error",),
    "psycopg2": ("Error",),
}


def test_every_exception_of_a_driver_has_its_name() -> None:
    for row in MODELS.wrapped:
        for wrapper in row.into:
            assert issubclass(getattr(exc, wrapper), exc.DBAPIError)
    standard = [row for row in MODELS.wrapped if "sqlite3" in row.modules]
    for wrapper, name in standard[0].into.items():
        assert issubclass(getattr(sqlite3, name), sqlite3.Error)
        assert wrapper == name or (wrapper, name) == ("DBAPIError", "Error")


def test_an_exhausted_engine_raises_this() -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(exc.TimeoutError):
        engine.connect()


# Child processes: what runs the function is there, and takes it where the model says.


@pytest.mark.parametrize("row", MODELS.forks, ids=lambda row: row.name)
def test_a_child_runs_this_argument(row: Fork) -> None:
    owner, _, last = row.name.rpartition(".")
    cls = getattr(importlib.import_module(owner), last)
    for method in row.methods or ("__init__",):
        parameters = [*inspect.signature(getattr(cls, method)).parameters][1:]
        if isinstance(row.argument, int):
            assert parameters[row.argument] in ("func", "fn")
        else:
            assert row.argument in inspect.signature(multiprocessing.process.BaseProcess).parameters
