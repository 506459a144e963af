"""Times what watching a pool takes of a query, on a real PostgreSQL.

    python benchmarks/watch_times.py postgresql://USER@HOST:PORT/DATABASE [--kinds psycopg,asyncpg,...] [--pairs 7] [--turns 40]

For each kind of pool and query, two processes do the same, one of them with the watcher, in turns of 50 checkouts that follow
each other in random order. What a pair of processes tells is the median of the differences in processor time between turns that
belong together; printed is the median of the pairs, with all of them, and its share of a checkout with its query on the clock.
The queries read tables that every PostgreSQL has.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from poolint.runtime import watch

TURN = 50
"""Checkouts of a turn."""

QUERIES = ("shortest", "by key", "list")
_SHORTEST = "SELECT 1"
_BY_KEY = "SELECT oid, relname, relkind, relpages FROM pg_catalog.pg_class WHERE oid = 1259"
_LIST = "SELECT oid, relname, relkind, relpages FROM pg_catalog.pg_class WHERE oid < 2700"
_TEXTS = dict(zip(QUERIES, (_SHORTEST, _BY_KEY, _LIST), strict=True))

Turn = Callable[[int], object]


def _entity() -> Any:
    from sqlalchemy import Integer, String
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class Relation(Base):
        __tablename__ = "pg_class"
        __table_args__ = {"schema": "pg_catalog"}  # noqa: RUF012
        oid = mapped_column(Integer, primary_key=True)
        relname = mapped_column(String)
        relpages = mapped_column(Integer)

    return Relation


def _repeated(query: Callable[[], object]) -> Turn:
    def turn(count: int) -> None:
        for _ in range(count):
            query()

    return turn


def _awaited(loop: asyncio.AbstractEventLoop, query: Callable[[], Any]) -> Turn:
    async def repeat(count: int) -> None:
        for _ in range(count):
            await query()

    return lambda count: loop.run_until_complete(repeat(count))


def _psycopg(dsn: str, query: str) -> tuple[object, Turn]:
    """SQLAlchemy with psycopg: the shortest query on a connection, the others by the ORM in a session each."""
    from sqlalchemy import create_engine, select, text
    from sqlalchemy.orm import Session

    engine = create_engine(dsn.replace("postgresql:", "postgresql+psycopg:", 1))
    relation, shortest = _entity(), text(_SHORTEST)

    def one() -> object:
        with engine.connect() as connection:
            return connection.execute(shortest).scalar()

    def by_key() -> object:
        with Session(engine) as session:
            return session.get(relation, 1259)

    def some() -> object:
        with Session(engine) as session:
            return session.scalars(select(relation).where(relation.oid < 2700)).all()

    return engine, _repeated(dict(zip(QUERIES, (one, by_key, some), strict=True))[query])


def _asyncpg(dsn: str, query: str) -> tuple[object, Turn]:
    """The same with asyncpg."""
    from sqlalchemy import select, text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine(dsn.replace("postgresql:", "postgresql+asyncpg:", 1))
    relation, shortest = _entity(), text(_SHORTEST)

    async def one() -> object:
        async with engine.connect() as connection:
            return (await connection.execute(shortest)).scalar()

    async def by_key() -> object:
        async with AsyncSession(engine) as session:
            return await session.get(relation, 1259)

    async def some() -> object:
        async with AsyncSession(engine) as session:
            return (await session.scalars(select(relation).where(relation.oid < 2700))).all()

    return engine, _awaited(asyncio.new_event_loop(), dict(zip(QUERIES, (one, by_key, some), strict=True))[query])


def _asyncpg_pool(dsn: str, query: str) -> tuple[object, Turn]:
    import asyncpg  # type: ignore[import-untyped]

    loop, text = asyncio.new_event_loop(), _TEXTS[query]
    asyncio.set_event_loop(loop)

    async def made() -> Any:
        return await asyncpg.create_pool(dsn, min_size=2, max_size=2)

    pool = loop.run_until_complete(made())

    async def fetch() -> object:
        async with pool.acquire() as connection:
            return await connection.fetch(text)

    return pool, _awaited(loop, fetch)


def _psycopg_pool(dsn: str, query: str) -> tuple[object, Turn]:
    from psycopg_pool import ConnectionPool

    pool, text = ConnectionPool(dsn, min_size=2, max_size=2, open=True), _TEXTS[query].encode()

    def fetch() -> object:
        with pool.connection() as connection:
            return connection.execute(text).fetchall()

    return pool, _repeated(fetch)


KINDS = {
    "psycopg": ("SQLAlchemy and psycopg", _psycopg),
    "asyncpg": ("SQLAlchemy and asyncpg", _asyncpg),
    "asyncpg-pool": ("pool of asyncpg", _asyncpg_pool),
    "psycopg-pool": ("psycopg_pool", _psycopg_pool),
}


def _serve(pipe: Any, dsn: str, kind: str, query: str, is_watched: bool) -> None:
    """Run a turn for each message, and answer with microseconds of processor time and on the clock by checkout."""
    logging.disable(logging.CRITICAL)
    pool, turn = KINDS[kind][1](dsn, query)
    if is_watched:
        watch(pool, metrics=False)
    turn(8 * TURN)
    pipe.send(None)
    while pipe.recv():
        turn(5)
        cpu, clock = time.process_time_ns(), time.perf_counter_ns()
        turn(TURN)
        pipe.send(((time.process_time_ns() - cpu) / TURN / 1e3, (time.perf_counter_ns() - clock) / TURN / 1e3))
    pipe.close()


def _pair(dsn: str, kind: str, query: str, turns: int, rng: random.Random) -> tuple[float, list[float]]:
    """What the watcher takes, and what the turns without it take on the clock."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[bool, Any] = {}
    processes = []
    for is_watched in (False, True):
        pipes[is_watched], theirs = context.Pipe()
        processes.append(context.Process(target=_serve, args=(theirs, dsn, kind, query, is_watched), daemon=True))
        processes[-1].start()
        theirs.close()  # so that the end of the process is the end of the pipe
        pipes[is_watched].recv()
    differences, clock = [], []
    for _ in range(turns):
        taken = {}
        for is_watched in rng.sample((False, True), 2):
            pipes[is_watched].send(True)
            taken[is_watched] = pipes[is_watched].recv()
        differences.append(taken[True][0] - taken[False][0])
        clock.append(taken[False][1])
    for process in processes:
        process.terminate()
        process.join()
    return statistics.median(differences), clock


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Times what watching a pool takes of a query.")
    parser.add_argument("dsn")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    for kind in options.kinds.split(","):
        for query in QUERIES:
            pairs = [_pair(options.dsn, kind, query, options.turns, rng) for _ in range(options.pairs)]
            spread = sorted(one for one, _ in pairs)
            taken = statistics.median(spread)
            clock = statistics.median(one for _, turns in pairs for one in turns)
            told = f"{clock:.0f} µs, watcher {taken:.1f} µs ({', '.join(f'{one:.1f}' for one in spread)}), {taken / clock:.2%}"
            print(f"{KINDS[kind][0]}, {query}: {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
