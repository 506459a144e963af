"""Generators that lend a resource: fixed, then run to each of the four ways out, with a resource that counts.

Whatever happens to the consumer, what was taken must have been given back exactly once.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from structural import IMPORTS, leaks

from poolint.fixes.rounds import fix_source
from poolint.text.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable


class Dependency(NamedTuple):
    """A generator, a part of what its fix makes of it, and how many resources it takes.

    ``leaks``: on some way out, as long as nothing in it fails by itself.
    """

    text: str
    wanted: str
    lends: int = 1
    leaks: bool = True


# The generators with a release behind the `yield` are fixed safely, those without one where that is asked for.
DEPENDENCIES = {
    "a session, never released": Dependency(
        """
        def get(maker: sessionmaker[Session]):
            db = maker()
            yield db
        """,
        "with maker() as db:",
    ),
    "a session, released behind the yield": Dependency(
        """
        def get(maker: sessionmaker[Session]):
            db = maker()
            yield db
            db.close()
        """,
        "finally:",
    ),
    "an asynchronous session": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            db = maker()
            yield db
            await db.close()
        """,
        "finally:",
    ),
    "an asynchronous session, never released": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            session = maker()
            yield session
        """,
        "async with maker() as session:",
    ),
    "annotated": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            session: AsyncSession = maker()
            yield session
            await session.close()
        """,
        "finally:",
    ),
    "a connection": Dependency(
        """
        def get(engine: Engine):
            conn = engine.connect()
            conn.execute(1)
            yield conn
            conn.close()
        """,
        "finally:",
    ),
    "an asynchronous connection, never released": Dependency(
        """
        async def get(async_engine: AsyncEngine):
            conn = await async_engine.connect()
            await conn.execute(1)
            yield conn
        """,
        "async with async_engine.connect() as conn:",
    ),
    "commit behind the yield": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            db = maker()
            yield db
            await db.commit()
            await db.close()
        """,
        "await db.commit()\n    finally:",
    ),
    "rollback in a handler": Dependency(
        """
        def get(maker: sessionmaker[Session]):
            db = maker()
            try:
                yield db
                db.commit()
            except Exception:
                db.rollback()
                raise
            db.close()
        """,
        "finally:",
    ),
    "release in a handler and behind it": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            db = maker()
            try:
                yield db
            except Exception:
                await db.close()
                raise
            await db.close()
        """,
        "finally:",
    ),
    "something else before the try": Dependency(
        """
        def get(maker: sessionmaker[Session]):
            db = maker()
            db.execute(1)
            try:
                yield db
            finally:
                db.close()
        """,
        "db = maker()\n    try:\n        db.execute(1)",
        leaks=False,
    ),
    "a repository made of it": Dependency(
        """
        def get(maker: sessionmaker[Session], Repository):
            db = maker()
            repository = Repository(db)
            yield repository
            db.close()
        """,
        "finally:",
    ),
    "lent in a tuple": Dependency(
        """
        async def get(maker: async_sessionmaker[AsyncSession]):
            db = maker()
            yield db, 1
            await db.close()
        """,
        "finally:",
    ),
    "asyncpg's pool": Dependency(
        """
        async def get(pool: Pool):
            conn = await pool.acquire()
            yield conn
            await pool.release(conn)
        """,
        "finally:",
    ),
    "asyncpg's pool, never released": Dependency(
        """
        async def get(pool: Pool):
            conn = await pool.acquire()
            yield conn
        """,
        "async with pool.acquire() as conn:",
    ),
    "psycopg's pool": Dependency(
        """
        def get(sync_pool: ConnectionPool):
            conn = sync_pool.getconn()
            yield conn
            sync_pool.putconn(conn)
        """,
        "finally:",
    ),
    "two resources": Dependency(
        """
        async def get(async_engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
            conn = await async_engine.connect()
            db = maker()
            yield db
            await db.close()
            await conn.close()
        """,
        "finally:",
        2,
    ),
    "two resources, never released": Dependency(
        """
        async def get(async_engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
            conn = await async_engine.connect()
            await conn.execute(1)
            db = maker()
            db.add(await conn.execute(2))
            yield db
        """,
        "async with async_engine.connect() as conn:",
        2,
    ),
    "lent round a loop": Dependency(
        """
        def get(maker: sessionmaker[Session]):
            for _ in range(1):
                db = maker()
                yield db
                db.close()
        """,
        "finally:",
    ),
}


class Resource:
    """What is lent. It can be everything: a session or a connection, entered or closed, awaited or not."""

    def __init__(self, book: list[str], asynchronous: bool) -> None:
        self.book = book
        self.asynchronous = asynchronous
        book.append("taken")

    def close(self) -> Any:
        self.book.append("given back")
        return nothing() if self.asynchronous else None

    def execute(self, _: object) -> Any:
        return nothing() if self.asynchronous else None

    def commit(self) -> Any:
        return self.execute(0)

    rollback = commit

    def add(self, _: object) -> None:
        pass

    def __enter__(self) -> Resource:
        return self

    def __exit__(self, *_: object) -> None:
        self.book.append("given back")

    async def __aenter__(self) -> Resource:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.book.append("given back")


async def nothing() -> None:
    await asyncio.sleep(0)


class Lender:
    """An engine or a pool: its checkout is awaited or entered, and only then is anything taken."""

    def __init__(self, book: list[str], asynchronous: bool) -> None:
        self.book = book
        self.asynchronous = asynchronous

    def connect(self) -> Any:
        return Pending(self.book) if self.asynchronous else Resource(self.book, False)

    acquire = getconn = connect

    def release(self, _: Resource) -> Any:
        self.book.append("given back")
        return nothing() if self.asynchronous else None

    putconn = release


class Pending:
    """A checkout under way."""

    def __init__(self, book: list[str]) -> None:
        self.book = book

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return Resource(self.book, True)

    async def __aenter__(self) -> Resource:
        self.inner = await self
        return self.inner

    async def __aexit__(self, *_: object) -> None:
        self.book.append("given back")


def generator(text: str, book: list[str]) -> Any:
    """The generator that a text defines, run with resources that write into ``book``."""
    names: dict[str, Any] = {}
    exec(compile(text, "m.py", "exec", dont_inherit=True), names)
    function: Callable[..., Any] = names["get"]
    asynchronous = inspect.isasyncgenfunction(function)
    given = {
        "maker": lambda: Resource(book, asynchronous),
        "engine": Lender(book, False),
        "async_engine": Lender(book, True),
        "pool": Lender(book, True),
        "sync_pool": Lender(book, False),
        "Repository": lambda resource: [resource],
    }
    return function(**{name: given[name] for name in inspect.signature(function).parameters})


WAYS_OUT = ("end", "exception", "cancelled", "closed")


async def consume(made: Any, way: str) -> None:
    """Take what a generator lends, and leave it in one way."""
    if inspect.isasyncgen(made):
        await made.__anext__()
        step, throw, close = made.__anext__, made.athrow, made.aclose
    else:
        next(made)
        step, throw, close = at_once(made.__next__), at_once(made.throw), at_once(made.close)
    raised = {
        "exception": ValueError("consumer"),
        "cancelled": asyncio.CancelledError() if inspect.isasyncgen(made) else KeyboardInterrupt(),
    }
    try:
        if way == "end":
            await step()
        elif way == "closed":
            await close()
        else:
            await throw(raised[way])
    except (StopIteration, StopAsyncIteration, ValueError, asyncio.CancelledError, KeyboardInterrupt):
        pass


def at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*arguments: object) -> Any:
        try:
            return function(*arguments)
        except StopIteration:
            raise StopAsyncIteration from None  # a coroutine may not let the other one out

    return called


def dedented(text: str) -> str:
    rows = text.strip("\n").rstrip(" ").split("\n")
    return "\n".join(row[8:] for row in rows)


@pytest.mark.parametrize("dependency", DEPENDENCIES.values(), ids=DEPENDENCIES)
def test_each_way_out_gives_back_what_was_taken_once(dependency: Dependency) -> None:
    text = IMPORTS + dedented(dependency.text)
    fixed = fix_source(Source.from_bytes("m.py", text.encode()), leaks, unsafe=True)
    assert dependency.wanted in fixed.source.text
    assert not fixed.dropped
    leaked = 0
    for way in WAYS_OUT:
        before: list[str] = []
        asyncio.run(consume(generator(text, before), way))
        leaked += before.count("taken") - before.count("given back")
        after: list[str] = []
        asyncio.run(consume(generator(fixed.source.text, after), way))
        assert sorted(after) == ["given back"] * dependency.lends + ["taken"] * dependency.lends, way
    assert (leaked > 0) == dependency.leaks
