"""Runs a snippet against the real libraries, and measures what it did to the pools.

A snippet is a module with a function ``work``. It is handed what its parameters name: ``engine`` and ``sync_engine``,
each with a pool of exactly one connection, ``client``, an HTTP client whose server asks for a connection itself before
it answers, fails at ``/fails`` and never answers at ``/hangs``, and ``path``, the database file.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool, QueuePool

SNIPPETS = Path(__file__).parent / "snippets"
ONE_CONNECTION: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
SLOW = 0.05


@dataclass
class Outcome:
    """What was seen while a snippet ran, and right after it, before anything was collected.

    ``starved``: nobody else could get a connection then. ``ticks``: how often another task had its turn meanwhile.
    ``server_starved``: the same as ``starved``, at the moment when the snippet called the HTTP server. ``open``: the
    connections to the database that no engine, not even one of the snippet's own, had closed.
    """

    value: object = None
    error: BaseException | None = None
    checked_out: int = 0
    idle: int = 0
    open: int = 0
    starved: bool = False
    server_starved: list[bool] = field(default_factory=list)
    ticks: int = 0
    items: list[str] = field(default_factory=list)


Load = Callable[[str], Callable[..., Any]]


class Run(Protocol):
    """Runs the snippet of a name (``"POL101_session_close.bad"``) and tells what was measured.

    With ``cancels`` its task is cancelled: once it waits for the server at ``/hangs`` or for the SQL function ``slow``,
    and, if more than once, again inside the rollback that giving the connection back comes with.
    """

    def __call__(self, name: str, *, cancels: int = 0) -> Outcome: ...


async def _run(work: Callable[..., Any], given: dict[str, Any], reached: Awaitable[object] | None) -> Any:
    """What ``work`` gives; if there is something to be ``reached``, then its task is cancelled there."""
    value = work(**{name: given[name] for name in inspect.signature(work).parameters})
    if not inspect.isawaitable(value):
        return value
    if reached is None:
        return await value
    task = asyncio.ensure_future(value)
    await asyncio.wait_for(reached, 5)
    task.cancel()
    return await task


@contextmanager
def _counted(outcome: Outcome) -> Iterator[None]:
    """Count the connections that are opened and not closed again, by whichever engine."""

    def opened(*_: object) -> None:
        outcome.open += 1

    def closed(*_: object) -> None:
        outcome.open -= 1

    event.listen(Pool, "connect", opened)
    event.listen(Pool, "close", closed)
    try:
        yield
    finally:
        event.remove(Pool, "connect", opened)
        event.remove(Pool, "close", closed)


async def _starved(engine: AsyncEngine) -> bool:
    """Whether the next checkout of ``engine`` times out."""
    try:
        async with engine.connect():
            return False
    except PoolTimeout:
        return True


def _starved_sync(engine: Engine) -> bool:
    try:
        with engine.connect():
            return False
    except PoolTimeout:
        return True


async def _measure(work: Callable[..., Any], path: Path, cancels: int) -> Outcome:
    outcome = Outcome()
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", poolclass=AsyncAdaptedQueuePool, **ONE_CONNECTION)
    sync_engine = create_engine(f"sqlite:///{path}", poolclass=QueuePool, **ONE_CONNECTION)
    loop, reached = asyncio.get_running_loop(), asyncio.Event()

    def slow() -> int:
        loop.call_soon_threadsafe(reached.set)
        time.sleep(SLOW)
        return 1

    def add_slow(connection: Any, _record: object) -> None:
        """Give SQL a function that takes its time, as a query on a real table would."""
        connection.create_function("slow", 0, slow)

    def cancel_again(_connection: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()  # takes effect at the next thing that it waits for: the rollback itself

    for target in (engine.sync_engine, sync_engine):
        event.listen(target, "connect", add_slow)
    if cancels > 1:
        event.listen(engine.sync_engine, "rollback", cancel_again)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/fails":
            raise httpx.ConnectError("nobody there", request=request)
        if request.url.path == "/hangs":
            reached.set()
            await asyncio.Event().wait()
        outcome.server_starved.append(await _starved(engine))
        return httpx.Response(200, text="green tea")

    async def tick() -> None:
        while True:
            await asyncio.sleep(0)
            outcome.ticks += 1

    def look() -> None:
        pool: Any = engine.pool  # by now another one, if the engine was disposed
        sync_pool: Any = sync_engine.pool
        outcome.checked_out = pool.checkedout() + sync_pool.checkedout()
        outcome.idle = pool.checkedin()

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server") as client:
        given = {"engine": engine, "sync_engine": sync_engine, "client": client, "path": str(path)}
        ticking = asyncio.create_task(tick())
        with _counted(outcome):
            try:
                outcome.value = await _run(work, given, reached.wait() if cancels else None)
            except (Exception, asyncio.CancelledError) as error:
                outcome.error = error.with_traceback(None)  # its frames would keep connections alive
        look()
        ticking.cancel()

    outcome.starved = await _starved(engine) or _starved_sync(sync_engine)
    gc.collect()
    await asyncio.sleep(0.01)  # lost connections are closed by their thread
    await engine.dispose()
    sync_engine.dispose()
    return outcome


def _prepare(path: Path, metadata: Any) -> None:
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO item (name) VALUES ('coffee')"))
    engine.dispose()


def _items(path: Path) -> list[str]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        names = list(connection.scalars(text("SELECT name FROM item ORDER BY id")))
    engine.dispose()
    return names


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Get the ``work`` of a snippet."""
    monkeypatch.syspath_prepend(SNIPPETS)

    def load_snippet(name: str) -> Callable[..., Any]:
        source = SNIPPETS / f"{name}.py"
        namespace: dict[str, Any] = {"__name__": name}
        exec(compile(source.read_bytes(), source, "exec", dont_inherit=True), namespace)
        work: Callable[..., Any] = namespace["work"]
        return work

    return load_snippet


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What is lost may come back at any collection: only with the collector off is it known when."""
    gc.disable()
    gc.freeze()  # each measurement ends with a collection: of what it left, and not of all that is imported
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.fixture
def run(tmp_path: Path, load: Load, no_collection: None) -> Run:  # noqa: ARG001
    """See ``Run``."""

    def run_snippet(name: str, *, cancels: int = 0) -> Outcome:
        work = load(name)
        path = tmp_path / f"{name}.db"
        _prepare(path, import_module("shop").Base.metadata)
        outcome = asyncio.run(_measure(work, path, cancels))
        outcome.items = _items(path)
        return outcome

    return run_snippet
