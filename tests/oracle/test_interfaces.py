# ruff: noqa: ARG001, ARG005 - listeners are passed what they do not use
"""What is claimed of SQLAlchemy's interfaces, seen on the real library: what raises, when, and what is never called."""

from __future__ import annotations

import asyncio
import importlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

pytestmark = pytest.mark.filterwarnings("ignore")  # that a coroutine is dropped is the point


async def nothing() -> None:
    """What somebody wants to be awaited."""


def connected(engine: Engine) -> None:
    with engine.connect() as conn:
        conn.execute(text("SELECT 1"))


async def asynchronously_connected(engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        await conn.execute(text("SELECT 1"))
    await engine.dispose()


def test_there_is_no_pool_timeout() -> None:
    assert not hasattr(importlib.import_module("sqlalchemy.exc"), "PoolTimeout")
    with pytest.raises(ImportError):
        exec("from sqlalchemy.exc import PoolTimeout")


def test_a_name_that_is_missing_hides_the_exception() -> None:
    from sqlalchemy import exc

    with pytest.raises(AttributeError):
        try:
            raise exc.TimeoutError
        except exc.PoolTimeout:  # type: ignore[attr-defined]  # poolint: ignore[POL601]
            pass


@pytest.mark.parametrize("kind", ["engine", "session", "maker", "AsyncEngine", "AsyncSession"])
def test_asynchronous_targets_take_no_listeners(kind: str) -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    maker = async_sessionmaker(engine)
    targets = {"engine": engine, "session": maker(), "maker": maker}
    targets |= {"AsyncEngine": AsyncEngine, "AsyncSession": AsyncSession}
    for name in ("handle_error", "connect", "after_commit"):
        with pytest.raises((NotImplementedError, AssertionError, InvalidRequestError)):
            event.listen(targets[kind], name, print)


def test_what_is_inside_takes_them() -> None:
    seen: list[object] = []
    engine = create_async_engine("sqlite+aiosqlite://")
    event.listen(engine.sync_engine, "connect", lambda *given: seen.append(given))
    asyncio.run(asynchronously_connected(engine))
    assert len(seen) == 1


def test_a_listener_that_does_not_fit_fails_when_the_event_comes() -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool)

    @event.listens_for(engine, "checkout")
    def on_checkout(dbapi_connection: object) -> None:
        print(dbapi_connection)

    with pytest.raises(TypeError):
        connected(engine)


def test_a_reset_listener_with_a_pool_first_is_never_called(caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool)
    called: list[object] = []

    @event.listens_for(engine, "reset")
    def on_reset(pool: Any, dbapi_connection: Any, connection_record: Any, reset_state: Any) -> None:
        called.append(pool)

    connected(engine)
    assert not called
    assert "Exception during reset" in caplog.text


def test_what_is_called_pool_is_a_connection() -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool)
    called: list[object] = []

    @event.listens_for(engine, "reset")
    def on_reset(pool: Any, dbapi_connection: Any, connection_record: Any) -> None:
        called.append(pool)

    connected(engine)
    assert type(called[0]).__name__ == "Connection"


def test_a_listener_that_is_a_coroutine_function_does_nothing() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    called: list[object] = []

    @event.listens_for(engine.sync_engine, "connect")
    async def on_connect(dbapi_connection: Any, connection_record: Any) -> None:
        called.append(dbapi_connection)

    asyncio.run(asynchronously_connected(engine))
    assert not called


def run(coroutine: Any) -> None:
    try:
        asyncio.get_event_loop().run_until_complete(coroutine)
    finally:
        coroutine.close()


def test_a_loop_cannot_run_in_a_listener() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    event.listen(engine.sync_engine, "do_connect", lambda *given: run(nothing()))
    with pytest.raises(RuntimeError, match="already running"):
        asyncio.run(asynchronously_connected(engine))


def test_a_loop_cannot_run_in_a_pool() -> None:
    class Rotating(AsyncAdaptedQueuePool):
        def _do_get(self) -> Any:
            run(nothing())
            return super()._do_get()

    engine = create_async_engine("sqlite+aiosqlite://", poolclass=Rotating)
    with pytest.raises(RuntimeError, match="already running"):
        asyncio.run(asynchronously_connected(engine))


def test_a_loop_cannot_run_in_a_creator() -> None:
    engine = create_async_engine("sqlite+aiosqlite://", creator=lambda: run(nothing()))
    with pytest.raises(RuntimeError, match="already running"):
        asyncio.run(asynchronously_connected(engine))


def test_an_exception_of_the_driver_arrives_inside_of_another() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE users (name TEXT UNIQUE)"))
        conn.execute(text("INSERT INTO users VALUES ('a')"))
        with pytest.raises(IntegrityError) as caught:
            try:
                conn.execute(text("INSERT INTO users VALUES ('a')"))
            except sqlite3.IntegrityError:
                pytest.fail("it is reached")
    assert isinstance(caught.value.orig, sqlite3.IntegrityError)


async def _one_connection_for_two(handled: type[Exception]) -> str:
    engine = create_async_engine(
        "sqlite+aiosqlite://", poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    try:
        async with engine.connect():
            try:
                async with engine.connect():
                    return "two"
            except handled:
                return "handled"
            except SQLAlchemyError as error:
                return type(error).__name__
    finally:
        await engine.dispose()


def test_the_builtin_timeout_is_not_that_of_the_pool() -> None:
    assert asyncio.run(_one_connection_for_two(TimeoutError)) == "TimeoutError"
    assert asyncio.run(_one_connection_for_two(asyncio.TimeoutError)) == "TimeoutError"
    assert asyncio.run(_one_connection_for_two(PoolTimeout)) == "handled"


def test_a_task_that_takes_its_cancellation_goes_on() -> None:
    rounds = 0

    async def work(engine: AsyncEngine) -> None:
        nonlocal rounds
        while rounds < 3:
            try:
                async with engine.connect() as conn:
                    await conn.execute(text("SELECT 1"))
                    rounds += 1
                    await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    async def main() -> bool:
        engine = create_async_engine("sqlite+aiosqlite://")
        task = asyncio.create_task(work(engine))
        for wanted in (1, 2, 3):
            while rounds < wanted:  # noqa: ASYNC110 - what is waited for is not ours
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.sleep(0.01)
        await task
        await engine.dispose()
        return task.cancelled()

    assert asyncio.run(main()) is False
    assert rounds == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("disposes", [False, True])
def test_a_child_begins_with_the_connections_of_its_parent(disposes: bool, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=QueuePool)
    connected(engine)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if disposes:
                engine.dispose(close=False)
            os.write(writing, str(engine.pool.checkedin()).encode())  # type: ignore[attr-defined]
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 8)) == (0 if disposes else 1)
    os.close(reading)
    os.close(writing)
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    engine.dispose()
