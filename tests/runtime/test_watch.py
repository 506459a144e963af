"""What ``poolint.runtime.watch`` logs and exports, what it imports, and that it stands in nobody's way."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import subprocess
import sys
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
from opentelemetry import metrics
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool, StaticPool

from poolint.runtime import present, trails, watch
from poolint.runtime import sqlalchemy as ours

LOG = "poolint.runtime"


@pytest.fixture(params=["methods", "events"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By which of the two ways pools are watched: a pool that is not known is watched by its events."""
    if request.param == "events":
        monkeypatch.setattr(ours, "is_known", lambda _: False)
    return request.param


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(
        f"sqlite:///{tmp_path}/a.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )


def test_what_is_out_is_seen_with_its_place(engine: Engine) -> None:
    with watch(engine, metrics=False) as watched, engine.connect():
        now = watched.state()
        assert now.out == 1
        assert now.place.endswith("(test_what_is_out_is_seen_with_its_place)")
        assert now.by == "thread 'MainThread'"
        assert "connections out: 1; longest: 0.0 s, by thread 'MainThread', from " in str(watched)
    assert watched.state().out == 0


def test_other_engines_are_not_watched(engine: Engine, tmp_path: Path) -> None:
    with watch(engine, metrics=False) as watched, create_engine(f"sqlite:///{tmp_path}/b.db").connect():
        assert watched.state().out == 0
        engine.dispose()
        with engine.connect():
            assert watched.state().out == 1, "a pool that takes the place of another is watched, too"


def test_waits_for_the_pool_are_counted(engine: Engine) -> None:
    with watch(engine, metrics=False) as watched, engine.connect():
        with pytest.raises(Exception, match="limit of size 1"):
            engine.connect()
        assert watched.state().waits == 1
        assert watched.state().waited >= 0.01


def test_the_pool_is_as_before_afterwards(engine: Engine, way: str) -> None:
    first = engine.pool
    kept = dict(vars(first))
    with watch(engine, metrics=False):
        assert ("connect" in vars(first)) is (way == "methods")
        engine.dispose()
        assert ("connect" in vars(engine.pool)) is (way == "methods")
    assert vars(first).keys() == kept.keys()
    assert vars(engine.pool).keys() == kept.keys()
    assert all(not getattr(engine.pool.dispatch, one) for one in ("checkout", "checkin", "detach"))


def test_a_detached_connection_is_no_longer_of_the_pool(engine: Engine) -> None:
    with watch(engine, metrics=False) as watched, engine.connect() as connection:
        connection.detach()
        assert watched.state().out == 0


def test_several_watch_one_pool_each_for_itself(engine: Engine) -> None:
    first = watch(engine, metrics=False)
    with watch(engine, metrics=False) as second:
        for is_open in (True, False):
            with engine.connect():
                assert second.state().out == 1
                assert first.state().out == is_open
                assert second.state().place.endswith("(test_several_watch_one_pool_each_for_itself)")
            assert second.state().out == 0
            first.close()
    with engine.connect():
        assert second.state().out == 0


def test_a_pool_of_another_class_is_watched_by_its_events(tmp_path: Path) -> None:
    class Own(QueuePool):
        def _return_conn(self, record: Any) -> None:
            super()._return_conn(record)

    engine = create_engine(f"sqlite:///{tmp_path}/a.db", poolclass=Own)
    with watch(engine, metrics=False) as watched:
        assert "connect" not in vars(engine.pool)
        with engine.connect():
            assert watched.state().out == 1
        assert watched.state().out == 0


def test_a_hold_that_grows_long_beside_short_ones_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Until something can have been out for long, returns do not ask for it."""
    now = 1000.0
    monkeypatch.setattr(present, "perf_counter", lambda: now)
    engine = create_engine(f"sqlite:///{tmp_path}/a.db", poolclass=QueuePool)
    with watch(engine, longest=30, metrics=False):
        first = engine.connect()
        for later in (1010.0, 1029.0, 1031.0, 1050.0):
            now = later
            engine.connect().close()
        assert not caplog.records
        second = engine.connect()
        first.close()
        assert "held for 50.0 s" in caplog.records.pop().getMessage()
        now = 1079.0
        second.close()
        third = engine.connect()
        assert not caplog.records
        now = 1109.0
        third.close()
        assert "held for 30.0 s" in caplog.records.pop().getMessage()


def test_long_holds_and_lost_ones_are_logged(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOG)
    with watch(engine, every=0, longest=0, metrics=False):
        with engine.connect():
            pass
        connection = engine.connect()
        del connection
    told = [(one.levelname, one.getMessage()) for one in caplog.records if one.name == LOG]
    assert [level for level, _ in told] == ["INFO", "WARNING", "INFO", "INFO", "WARNING", "INFO"]
    assert "connections out: 1" in told[0][1]
    assert "a connection was held for 0.0 s, by thread 'MainThread', from " in told[1][1]
    assert told[1][1].endswith("; given back now")
    assert told[4][1].endswith("; taken back by the garbage collector now")


def test_nothing_is_kept_of_what_was_given_back(engine: Engine) -> None:
    with watch(engine, metrics=False) as watched:
        gc.disable()
        try:
            with engine.connect() as connection:
                seen = weakref.ref(connection)
                assert watched._present.entries
            del connection
            assert seen() is None
            assert not watched._present.entries
        finally:
            gc.enable()


def test_the_one_connection_of_a_static_pool_may_be_out_twice() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with watch(engine, metrics=False) as watched:

        def kept() -> Connection:
            return engine.connect()

        first = kept()
        with engine.connect():
            assert watched.state().out == 2
            assert watched.state().place.endswith("kept)")
        assert watched.state().out == 1
        assert watched.state().place.endswith("kept)")
        first.close()


def near(engine: Engine) -> Connection:
    return engine.connect()


def test_a_place_is_the_innermost_one_whatever_way_was_gone_before(engine: Engine) -> None:
    """The way is remembered: from here, by a function, by a session, in a greenlet."""

    def far() -> Connection:
        return near(engine)

    def by_session() -> object:
        session = Session(engine)
        session.execute(text("SELECT 1"))
        return session

    def by_library() -> object:
        return contextlib.ExitStack().enter_context(engine.connect())

    def by_either(take: Callable[[], Any]) -> Any:
        return take()

    with watch(engine, metrics=False) as watched:
        for _ in range(3):
            for take, name in (
                (far, "near"),
                (by_session, "by_session"),
                (by_library, "by_library"),
                (partial(by_either, engine.connect), "by_either"),
                (partial(by_either, far), "near"),
                (partial(by_either, by_session), "by_session"),
            ):
                taken: Any = take()
                assert watched.state().place.endswith(f"{name})"), take
                taken.close()


def test_tasks_and_their_places_are_seen_through_greenlets(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/a.db", poolclass=AsyncAdaptedQueuePool)

    async def work() -> list[str]:
        found = []
        for _ in range(2):
            async with engine.connect():
                assert watched.state().by.startswith("task 'Task-")
                found.append(watched.state().place)
            async with AsyncSession(engine) as session:
                await session.execute(text("SELECT 1"))
                found.append(watched.state().place)
        await engine.dispose()
        return found

    with watch(engine, metrics=False) as watched:
        first, second, third, fourth = asyncio.run(work())
        assert (first, second) == (third, fourth)
        assert first != second
        assert first.endswith("work)") and second.endswith("work)")


def test_prometheus_reads_gauges(engine: Engine) -> None:
    with watch(engine), engine.connect():
        found = prometheus_client.generate_latest().decode()
        assert "poolint_connections_out 1.0" in found
        assert "poolint_pool_waits 0.0" in found
        assert 'place="' in found and "(test_prometheus_reads_gauges)" in found
    assert "poolint" not in prometheus_client.generate_latest().decode()


def test_opentelemetry_reads_gauges(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}

    class Meter:
        def create_observable_gauge(self, name: str, callbacks: list, **_: object) -> None:
            made[name] = callbacks[0]

    monkeypatch.setattr(metrics, "get_meter", lambda _: Meter())
    with watch(engine), engine.connect():
        assert [one.value for one in made["poolint.connections_out"](None)] == [1]
        (longest,) = made["poolint.longest_hold_seconds"](None)
        assert longest.attributes["task"] == "thread 'MainThread'"
    assert not list(made["poolint.connections_out"](None))


def test_what_goes_wrong_here_is_no_reason_for_a_checkout_to_fail(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no place")

    monkeypatch.setattr(trails, "found", broken)
    with watch(engine, metrics=False):
        for _ in range(2):
            with engine.connect() as connection:
                assert connection.scalar(text("SELECT 1")) == 1
    told = [one for one in caplog.records if one.name == LOG]
    assert len(told) == 1
    assert "poolint no longer watches" in told[0].getMessage()


def test_what_goes_wrong_here_is_no_reason_for_a_connection_to_stay_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("not told")

    monkeypatch.setattr(present.Present, "_end", broken)
    with watch(engine, longest=0, metrics=False):
        for _ in range(2):
            with engine.connect() as connection:
                assert connection.scalar(text("SELECT 1")) == 1
    assert ["poolint no longer watches" in one.getMessage() for one in caplog.records if one.name == LOG] == [True]


IMPORTED = """
import sys
import sqlalchemy
from sqlalchemy.pool import QueuePool
before = set(sys.modules)
import poolint.runtime
engine = sqlalchemy.create_engine("sqlite://", poolclass=QueuePool)
with poolint.runtime.watch(engine, metrics=False) as watched:
    with engine.connect():
        watched.state()
import threading
assert threading.active_count() == 1
print(*sorted(name for name in set(sys.modules) - before if "." not in name or name.startswith("poolint")))
"""


def test_neither_libcst_nor_the_analysis_is_imported() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    found = set(ran.stdout.split())
    ours = {one for one in found if one.startswith("poolint")}
    runtime = {
        f"poolint.runtime.{one}" for one in ("eyes", "frames", "present", "sqlalchemy", "tasks", "trails", "watching")
    }
    assert ours == {"poolint", "poolint.runtime", *runtime}
    assert not {"libcst", "msgspec", "asyncpg", "psycopg_pool", "pytest"} & found
