"""Runs a snippet against the real SQLAlchemy, aiosqlite and httpx, and measures what it did to the pools.

A snippet is a module with a function ``work``. It is handed what its parameters name: ``engine`` and ``sync_engine``,
each with a pool of exactly one connection, ``client``, an HTTP client whose server asks for a connection itself before
it answers, and ``path``, the database file.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

SNIPPETS = Path(__file__).parent / "snippets"
ONE_CONNECTION: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
SLOW = 0.05


@dataclass
class Outcome:
    """What was seen while a snippet ran, and right after it, before anything was collected.

    ``starved``: nobody else could get a connection then. ``ticks``: how often another task had its turn meanwhile.
    ``server_starved``: the same as ``starved``, at the moment when the snippet called the HTTP server.
    """

    value: object = None
    error: Exception | None = None
    checked_out: int = 0
    idle: int = 0
    starved: bool = False
    server_starved: list[bool] = field(default_factory=list)
    ticks: int = 0
    items: list[str] = field(default_factory=list)


Run = Callable[[str], Outcome]


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


def _slow() -> int:
    time.sleep(SLOW)
    return 1


def _add_slow(connection: Any, _record: object) -> None:
    """Give SQL a function that takes its time, as a query on a real table would."""
    connection.create_function("slow", 0, _slow)


async def _measure(work: Callable[..., Any], path: Path) -> Outcome:
    outcome = Outcome()
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", poolclass=AsyncAdaptedQueuePool, **ONE_CONNECTION)
    sync_engine = create_engine(f"sqlite:///{path}", poolclass=QueuePool, **ONE_CONNECTION)
    for target in (engine.sync_engine, sync_engine):
        event.listen(target, "connect", _add_slow)

    async def answer(_request: httpx.Request) -> httpx.Response:
        outcome.server_starved.append(await _starved(engine))
        return httpx.Response(200, text="green tea")

    async def tick() -> None:
        while True:
            await asyncio.sleep(0)
            outcome.ticks += 1

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server") as client:
        given = {"engine": engine, "sync_engine": sync_engine, "client": client, "path": str(path)}
        ticking = asyncio.create_task(tick())
        try:
            outcome.value = work(**{name: given[name] for name in inspect.signature(work).parameters})
            if inspect.isawaitable(outcome.value):
                outcome.value = await outcome.value
        except Exception as error:
            outcome.error = error.with_traceback(None)  # its frames would keep connections alive
        ticking.cancel()

    pool: Any = engine.pool  # by now another one, if the engine was disposed
    sync_pool: Any = sync_engine.pool
    outcome.checked_out = pool.checkedout() + sync_pool.checkedout()
    outcome.idle = pool.checkedin()
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
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the snippet of a name (``"POL101_session_close.bad"``) and tell what was measured."""
    monkeypatch.syspath_prepend(SNIPPETS)

    def run_snippet(name: str) -> Outcome:
        shop = import_module("shop")
        source = SNIPPETS / f"{name}.py"
        path = tmp_path / f"{name}.db"
        _prepare(path, shop.Base.metadata)
        namespace: dict[str, Any] = {"__name__": name}
        exec(compile(source.read_bytes(), source, "exec"), namespace)
        outcome = asyncio.run(_measure(namespace["work"], path))
        outcome.items = _items(path)
        return outcome

    # What is lost may come back at any collection: only with the collector off is it known when.
    gc.collect()
    gc.disable()
    try:
        yield run_snippet
    finally:
        gc.enable()
