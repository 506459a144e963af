"""Runs random programs on all their ways over real pools, and counts what is still checked out at the end.

Below the pools of SQLAlchemy is SQLite, below that of asyncpg a connection to no server. A way is a list of decisions:
how each ``choose`` comes out, how often each loop goes round, and what fails: one call, one statement, or one ``pause``,
which may be cancelled as well. What is checked out is kept alive, so that nothing but a release gives it back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool
from sqlalchemy.util import greenlet_spawn

if TYPE_CHECKING:
    from tests.oracle.random_programs.programs import Program

WAYS = 80
"""Ways of one program at most."""

Way = tuple[tuple[str, int], ...]


@dataclass
class Truth:
    """What a program does: its ``leaks`` (``normal``, ``exception``, ``cancel``: what it takes), how each way ends, and
    whether all ways were taken."""

    leaks: set[str] = field(default_factory=set)
    ends: dict[Way, str] = field(default_factory=dict)
    complete: bool = True


class Decisions:
    """Those of the run that is on: first the given ones, then the first option each time."""

    def __init__(self) -> None:
        self.given: tuple[int, ...] = ()
        self.taken: list[tuple[str, int]] = []
        self.options: list[int] = []
        self.failed = ""

    def begin(self, given: tuple[int, ...]) -> None:
        self.given, self.taken, self.options, self.failed = given, [], [], ""

    def of(self, name: str, options: int) -> int:
        """The number of the option that is taken now."""
        at = len(self.taken)
        option = self.given[at] if at < len(self.given) else 0
        self.taken.append((name, option))
        self.options.append(options)
        return option

    def failure(self, name: str, kinds: tuple[str, ...]) -> str:
        """What goes wrong now, if anything: once a run."""
        option = self.of(name, 1 if self.failed else 1 + len(kinds))
        if option:
            self.failed = kinds[option - 1]
        return kinds[option - 1] if option else ""

    def next(self) -> Iterator[tuple[int, ...]]:
        """The ways that branch off behind what was given."""
        chosen = [option for _, option in self.taken]
        for at in range(len(self.given), len(chosen)):
            for option in range(1, self.options[at]):
                yield (*chosen[:at], option)


class _Nowhere(asyncpg.Connection):  # type: ignore[type-arg]
    """A connection of asyncpg without a server."""

    def __init__(self, wait: Callable[[str, type[Exception]], Awaitable[None]]) -> None:
        self.wait = wait

    def is_closed(self) -> bool:
        return False

    def _set_proxy(self, proxy: object) -> None: ...

    def _on_release(self, stacklevel: int = 1) -> None: ...

    def terminate(self) -> None: ...

    def __del__(self) -> None: ...

    async def reset(self, **_: Any) -> None:
        await asyncio.sleep(0)

    async def close(self, **_: Any) -> None: ...

    async def execute(self, query: str, *_: Any, **__: Any) -> str:
        await self.wait(query, asyncpg.PostgresError)
        return "SELECT 1"

    async def fetchval(self, query: str, *_: Any, **__: Any) -> int:
        await self.wait(query, asyncpg.PostgresError)
        return 1

    class _protocol:  # noqa: N801
        queries_count = 0
        _is_cancelling = staticmethod(lambda: False)


class _Cursor:
    """Its cursor."""

    def __init__(self, real: sqlite3.Cursor) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, *given: Any) -> None:
        await asyncio.sleep(0)
        self._real.execute(*given)

    async def fetchall(self) -> list[Any]:
        return self._real.fetchall()

    async def close(self) -> None:
        self._real.close()


class Unthreaded:
    """A connection of aiosqlite without its thread."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = self._connection = real
        self.isolation_level = real.isolation_level

    def cursor(self) -> _Cursor:
        return _Cursor(self._real.cursor())

    async def create_function(self, *given: Any, **named: Any) -> None:
        self._real.create_function(*given, **named)

    async def rollback(self) -> None:
        await asyncio.sleep(0)
        self._real.rollback()

    async def commit(self) -> None:
        await asyncio.sleep(0)
        self._real.commit()

    async def close(self) -> None:
        self._real.close()

    def stop(self) -> None:
        self._real.close()


class World:
    """The pools that programs run on, and the functions through which they are told what to do."""

    def __init__(self) -> None:
        self.decisions = Decisions()
        self.loop = asyncio.new_event_loop()
        plain = {"pool_size": 20, "pool_timeout": 1, "pool_reset_on_return": "rollback"}
        self.engine = create_engine("sqlite://", creator=self._connect, poolclass=QueuePool, **plain)  # type: ignore[call-overload]
        self.aengine = create_async_engine(
            "sqlite+aiosqlite://", async_creator=self._connect_async, poolclass=AsyncAdaptedQueuePool, **plain
        )
        self.kept: list[Any] = []
        for engine in (self.engine, self.aengine.sync_engine):
            event.listen(engine, "checkout", lambda _connection, _record, proxy: self.kept.append(proxy))
            self._let_commits_fail(engine)
        self.given: dict[str, Any] = {
            "engine": self.engine,
            "aengine": self.aengine,
            "factory": sessionmaker(self.engine),
            "maker": async_sessionmaker(self.aengine),
        }

    def close(self) -> None:
        """Nothing is left open."""
        self.loop.run_until_complete(self.aengine.dispose())
        self.engine.dispose()
        self.loop.close()

    def _connect(self) -> sqlite3.Connection:
        made = sqlite3.connect(":memory:", check_same_thread=False)
        made.create_function("step", 1, self._step)
        return made

    async def _connect_async(self, *_: Any, **__: Any) -> Unthreaded:
        return Unthreaded(self._connect())

    def _let_commits_fail(self, engine: Any) -> None:
        commit = engine.dialect.do_commit

        def may_fail(connection: Any) -> None:
            if self.decisions.failure("commit", ("exception",)):
                raise sqlite3.OperationalError("the commit fails")
            commit(connection)

        engine.dialect.do_commit = may_fail

    # What programs call

    def _step(self, number: int) -> int:
        if self.decisions.failure(f"step{number}", ("exception",)):
            raise sqlite3.OperationalError("the statement fails")
        return number

    def _choose(self, number: int) -> bool:
        return bool(self.decisions.of(f"choose{number}", 2))

    def _items(self, number: int) -> range:
        return range(self.decisions.of(f"items{number}", 3))

    def _may_fail(self, number: int) -> None:
        if self.decisions.failure(f"call{number}", ("exception",)):
            raise RuntimeError(number)

    async def _pause(self, number: int) -> None:
        await self.wait(f"pause{number}")

    async def wait(self, name: str, error: type[Exception] = RuntimeError) -> None:
        """Something that may fail or be cancelled."""
        match self.decisions.failure(name, ("exception", "cancel")):
            case "exception":
                raise error(name)
            case "cancel":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
        await asyncio.sleep(0)

    # Running

    def namespace(self, source: str) -> dict[str, Any]:
        """The functions of some programs, which are told what to do by this world."""
        found: dict[str, Any] = {"__name__": "programs_that_run"}
        exec(compile(source, "programs", "exec", dont_inherit=True), found)
        told = {"choose": self._choose, "items": self._items, "may_fail": self._may_fail, "pause": self._pause}
        found.update(told)
        return found

    def truth(self, program: Program, namespace: dict[str, Any], most: int = WAYS) -> Truth:
        """What a program does, on all ways or the shortest of them."""
        truth = Truth()
        waiting: deque[tuple[int, ...]] = deque([()])
        taken = 0
        while waiting:
            if taken == most:
                truth.complete = False
                break
            taken += 1
            self.decisions.begin(waiting.popleft())
            end, out = self._run(program, namespace[program.name])
            waiting.extend(self.decisions.next())
            truth.ends[tuple(self.decisions.taken)] = end
            if out:
                truth.leaks.add(self.decisions.failed or "normal")
        return truth

    def _run(self, program: Program, function: Callable[..., Any]) -> tuple[str, int]:
        """How one way ends, and how many connections are out then."""
        kind = program.kind
        run = self._asynchronous if kind.is_async else self._synchronous
        with pool_of_asyncpg(self, kind.key) as pool:
            given = pool if pool is not None else self.given[kind.source]
            try:
                end = run(program, function, given)
            except (Exception, asyncio.CancelledError) as error:
                end = type(error).__name__
            pools: Any = self.engine.pool, self.aengine.pool
            out = sum(one.checkedout() for one in pools)
            if pool is not None:
                out += pool.get_size() - pool.get_idle_size()
        self._take_back()
        return end, out

    def _synchronous(self, program: Program, function: Callable[..., Any], given: Any) -> str:
        if not program.is_manager:
            return repr(function(given))
        with function(given):
            if self.decisions.failure("consumer", ("exception",)):
                raise RuntimeError("the consumer")
        return ""

    def _asynchronous(self, program: Program, function: Callable[..., Any], given: Any) -> str:
        async def run() -> str:
            if not program.is_manager:
                return repr(await function(given))
            async with function(given):
                await self.wait("consumer")
            return ""

        return self.loop.run_until_complete(run())

    def _take_back(self) -> None:
        """What is still out goes back to its pool before the next run."""
        for proxy in self.kept:
            if proxy.is_valid:
                self.loop.run_until_complete(greenlet_spawn(proxy._checkin))
        self.kept.clear()


@contextmanager
def pool_of_asyncpg(world: World, key: str) -> Iterator[Any]:
    """A new pool of asyncpg, where a program has to do with one."""
    if key != "pgconn":
        yield None
        return

    async def connect(*_: Any, **__: Any) -> _Nowhere:
        return _Nowhere(world.wait)

    async def make() -> Any:
        return await asyncpg.create_pool(connect=connect, connection_class=_Nowhere, min_size=0, max_size=20,
                                         max_inactive_connection_lifetime=0)  # fmt: skip

    yield world.loop.run_until_complete(make())
