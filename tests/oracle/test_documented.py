"""The examples in the rules' documentation, run on real pools: the bad one does the harm that it is there for, what to use
instead does not, nor does what the rule's own fix makes of the bad one."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool, QueuePool
from sqlalchemy.util import greenlet_spawn
from tests.oracle.random_programs.running import Unthreaded, World, pool_of_asyncpg

from poolint.config import Overrides, Resolver, Selectors
from poolint.rules import registry
from poolint.runner import Options, Runner

pytestmark = pytest.mark.filterwarnings("ignore")  # the bad ones lose coroutines and connections

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER, shipped INTEGER, state TEXT);
CREATE TABLE items (id INTEGER PRIMARY KEY, amount INTEGER);
CREATE TABLE accounts (id INTEGER PRIMARY KEY, amount INTEGER);
CREATE TABLE audit (id INTEGER PRIMARY KEY);
INSERT INTO users (name) VALUES ('ann');
"""


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Seen(NamedTuple):
    """The class of the error that an example ended with, how many connections were out then, how many were still open once
    all pools that it was given were disposed of, and the names in the table."""

    error: str
    out: int
    open: int
    names: tuple[str, ...]


class Case(NamedTuple):
    """How an example is run: its ``function``, the statement that ``fails`` and in what way it is harmful.

    ``given`` are further arguments by name; ``cancels``: it is cancelled in its query. ``harm``: ``out``, a connection that
    is not given back; ``error``; ``lost``, a row that is not written; ``open``, a connection that no pool closes any more.
    """

    function: str
    harm: str
    fails: str = ""
    given: dict[str, object] = {}  # noqa: RUF012
    cancels: bool = False


CASES = {
    "POL101": Case("ping", "out"),
    "POL102": Case("rename", "lost"),
    "POL103": Case("ping", "error"),
    "POL104": Case("first_row", "error"),
    "POL105": Case("create", "error"),
    "POL106": Case("ping", "error"),
    "POL107": Case("register", "lost"),
    "POL201": Case("count_orders", "out"),
    "POL202": Case("rename", "out", "UPDATE users"),
    "POL203": Case("count", "out", cancels=True),
    "POL204": Case("count_users", "out"),
    "POL205": Case("probe", "out", given={"queries": ["", "SELECT 1"]}),
    "POL206": Case("get_session", "out"),
    "POL207": Case("count_users", "out"),
    "POL209": Case("count_users", "open"),
    "POL212": Case("rename", "out"),
    "POL213": Case("ping", "out"),
    "POL216": Case("first", "out"),
    "POL217": Case("connect", "out", "SET search_path"),
    "POL218": Case("Reports", "out"),
    "POL404": Case("transfer", "error"),
    "POL405": Case("totals", "error"),
    "POL407": Case("pay", "error"),
    "POL501": Case("", "error"),
    "POL502": Case("", "error"),
    "POL601": Case("", "error"),
    "POL602": Case("", "error"),
}


def block(code: str, heading: str) -> str:
    """The code below a heading of a rule's documentation."""
    documentation = inspect.getdoc(registry.load().rules[code]) or ""
    found = re.search(rf"## {heading}\n\s*```python\n(.*?)\n```", documentation, re.DOTALL)
    assert found is not None
    return found[1] + "\n"


def fixed(code: str, directory: Path) -> str:
    """The bad example as the rule's fixes make it."""
    overrides = Overrides(Selectors(select=(code,), origin="--"))
    runner = Runner(Resolver(str(directory), isolated=True, overrides=overrides), Options(fix=True, unsafe=True))
    return runner.run_text(block(code, "Example").encode(), str(directory / "example.py"))[1].decode()


class Place:
    """A database with one connection at a time, and all that examples ask for."""

    def __init__(self, path: str, fails: str) -> None:
        self.path = path
        self.fails = fails
        self.open = 0
        self.kept: list[Any] = []
        one = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
        self.engine = create_engine("sqlite://", creator=self.connect, poolclass=QueuePool, **one)  # type: ignore[call-overload]
        self.aengine = create_async_engine("sqlite+aiosqlite://", async_creator=self.connect_async,
                                           poolclass=AsyncAdaptedQueuePool, **one)  # fmt: skip
        for engine in (self.engine, self.aengine.sync_engine):
            event.listen(engine, "checkout", lambda _connection, _record, proxy: self.kept.append(proxy))

    def connect(self) -> sqlite3.Connection:
        place = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *given: Any) -> Cursor:
                if place.fails and place.fails in sql:
                    raise sqlite3.OperationalError(place.fails)
                return super().execute("SELECT 1" if sql.startswith("SET ") else sql, *given)

        class Connected(sqlite3.Connection):
            def cursor(self, factory: type[sqlite3.Cursor] = Cursor) -> Any:
                return super().cursor(factory)

        return sqlite3.connect(self.path, check_same_thread=False, factory=Connected, timeout=0.05)

    async def connect_async(self, *_: Any, **__: Any) -> Unthreaded:
        return Unthreaded(self.connect())

    def out(self) -> int:
        pools: Any = self.engine.pool, self.aengine.pool
        return sum(one.checkedout() for one in pools)

    async def given(self, function: Any, more: dict[str, object]) -> dict[str, object]:
        """What a function asks for, by the annotations of its parameters."""
        made: dict[str, object] = {}
        known = {
            Engine: lambda: self.engine,
            AsyncEngine: lambda: self.aengine,
            AsyncSession: lambda: AsyncSession(self.aengine),
            Session: lambda: Session(self.engine),
            Path: lambda: Path(self.path + ".lock"),
            str: lambda: f"sqlite:///{self.path}",
            object: lambda: User(name="tea"),
        }
        for name, parameter in inspect.signature(function).parameters.items():
            if name in more:
                made[name] = more[name]
            elif "async_sessionmaker" in str(parameter.annotation):
                made[name] = async_sessionmaker(self.aengine)
            else:
                made[name] = known[parameter.annotation]()
        return made

    async def close(self) -> None:
        for proxy in self.kept:
            if proxy.is_valid:
                await greenlet_spawn(proxy._checkin)
        await self.aengine.dispose()
        self.engine.dispose()


async def _run(case: Case, text: str, place: Place, pool: Any) -> str:
    """How an example ends, as the class of its error; empty where there is none."""
    namespace: dict[str, Any] = {"__name__": "example", "SessionLocal": async_sessionmaker(place.aengine)}
    try:
        exec(compile(text, "example", "exec", dont_inherit=True), namespace)
        if not case.function:
            return ""
        function = namespace[case.function]
        more = {**case.given, **({"pool": pool} if pool is not None else {})}
        found = function(**await place.given(function, more))
        if inspect.isasyncgen(found):
            session = await anext(found)
            await session.connection()
            with contextlib.suppress(RuntimeError):
                await found.athrow(RuntimeError("the consumer fails"))
        if inspect.isawaitable(found):
            found = await found
        place.kept.append(SimpleNamespace(is_valid=False, found=found))
    except (Exception, asyncio.CancelledError) as error:
        return type(error).__name__
    return ""


def measured(case: Case, text: str, directory: Path) -> Seen:
    """What comes of running an example."""
    path = directory / "shop.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as first:
        first.executescript(TABLES)
    place = Place(str(path), case.fails)
    opened: list[object] = []
    closed: list[object] = []
    event.listen(Pool, "connect", lambda connection, _: opened.append(connection))
    event.listen(Pool, "close", lambda connection, _: closed.append(connection))
    world = World()
    world.decisions.begin((2,) if case.cancels else ())
    try:
        with pool_of_asyncpg(world, "pgconn" if "asyncpg.Pool" in text else "") as pool:
            error = world.loop.run_until_complete(_run(case, text, place, pool))
            out = place.out() + (pool.get_size() - pool.get_idle_size() if pool is not None else 0)
            world.loop.run_until_complete(place.close())
    finally:
        world.close()
    with contextlib.closing(sqlite3.connect(path)) as last:
        names = tuple(name for (name,) in last.execute("SELECT name FROM users ORDER BY id"))
    return Seen(error, out, len(opened) - len(closed), names)


def harm(case: Case, seen: Seen) -> bool:
    """Whether the harm is done."""
    match case.harm:
        case "out":
            return seen.out > 0
        case "error":
            return seen.error != ""
        case "lost":
            return "tea" not in seen.names
    return seen.open > 0


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("code", CASES)
def test_documented_examples_do_what_they_are_said_to(code: str, tmp_path: Path) -> None:
    case = CASES[code]
    example, instead = block(code, "Example"), block(code, "Use instead")
    assert harm(case, measured(case, example, tmp_path))
    good = measured(case, instead, tmp_path)
    assert not harm(case, good)
    after = fixed(code, tmp_path)
    if after != example:
        assert measured(case, after, tmp_path) == good
