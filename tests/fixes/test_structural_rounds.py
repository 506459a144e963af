"""Structural fixes together: several checkouts in one function, whose lifetimes follow, contain or cross each other."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from structural import IMPORTS, leaks

from poolint.fixes.rounds import fix_source
from poolint.text.source import Source

# Before, and after all rounds.
PROGRAMS = r"""
# one after the other
def f(engine: Engine):
    a = engine.connect()
    a.execute(q)
    b = engine.connect()
    b.execute(q)
→
def f(engine: Engine):
    with engine.connect() as a:
        a.execute(q)
    with engine.connect() as b:
        b.execute(q)

# one name, one after the other
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    conn = engine.connect()
    conn.execute(q)
→
def f(engine: Engine):
    with engine.connect() as conn:
        conn.execute(q)
    with engine.connect() as conn:
        conn.execute(q)

# one inside the other
async def f(engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
    a = await engine.connect()
    b = maker()
    await b.commit()
    await a.execute(q)
→
async def f(engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
    async with engine.connect() as a:
        async with maker() as b:
            await b.commit()
        await a.execute(q)

# crossing: the later one first, and the earlier takes it in whole
async def f(engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
    a = await engine.connect()
    b = maker()
    await a.execute(q)  # the last use of a
    await b.commit()
→
async def f(engine: AsyncEngine, maker: async_sessionmaker[AsyncSession]):
    async with engine.connect() as a:
        async with maker() as b:
            await a.execute(q)  # the last use of a
            await b.commit()

# crossing, released by hand
def f(engine: Engine):
    a = engine.connect()
    b = engine.connect()
    a.execute(q)
    a.close()
    b.execute(q)
    b.close()
→
def f(engine: Engine):
    a = engine.connect()
    b = engine.connect()
    try:
        a.execute(q)
        a.close()
        b.execute(q)
    finally:
        b.close()

# released together
def f(engine: Engine):
    a = engine.connect()
    b = engine.connect()
    a.execute(q)
    b.execute(q)
    b.close()
    a.close()
→
def f(engine: Engine):
    a = engine.connect()
    try:
        b = engine.connect()
        try:
            a.execute(q)
            b.execute(q)
        finally:
            b.close()
    finally:
        a.close()

# a block and a finally
async def f(maker: async_sessionmaker[AsyncSession]):
    import asyncpg
    conn = await asyncpg.connect()
    session = maker()
    session.add(await conn.fetchrow(q))
    await session.commit()
    await conn.execute(q)
→
async def f(maker: async_sessionmaker[AsyncSession]):
    import asyncpg
    conn = await asyncpg.connect()
    try:
        async with maker() as session:
            session.add(await conn.fetchrow(q))
            await session.commit()
        await conn.execute(q)
    finally:
        await conn.close()

# round a loop
def f(engine: Engine):
    for q in qs:
        conn = engine.connect()
        for row in conn.execute(q):
            inner = engine.connect()
            inner.execute(row)
→
def f(engine: Engine):
    for q in qs:
        with engine.connect() as conn:
            for row in conn.execute(q):
                with engine.connect() as inner:
                    inner.execute(row)

# in several functions, one in the other
def f(engine: Engine):
    a = engine.connect()
    a.execute(q)

    def g():
        b = engine.connect()
        b.execute(q)

    class C:
        def g(self):
            b = engine.connect()
            b.execute(q)

    return g
→
def f(engine: Engine):
    with engine.connect() as a:
        a.execute(q)

    def g():
        with engine.connect() as b:
            b.execute(q)

    class C:
        def g(self):
            with engine.connect() as b:
                b.execute(q)

    return g

# what must not be touched stays, and stops nobody
def f(engine: Engine):
    a = engine.connect()
    b = engine.connect()
    b.execute(q)
    return a
→
def f(engine: Engine):
    a = engine.connect()
    with engine.connect() as b:
        b.execute(q)
    return a
"""

PAIRS = [
    pytest.param(*body.split("→\n"), id=name)
    for name, _, body in (
        text.partition("\n") for text in re.split(r"^# (?=.*\n(?:async )?def )", PROGRAMS, flags=re.MULTILINE)[1:]
    )
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_rounds(before: str, after: str) -> None:
    source = Source.from_bytes("m.py", (IMPORTS + before).encode())
    fixed = fix_source(source, leaks, unsafe=False)
    assert fixed.source.text == IMPORTS + after.rstrip("\n") + "\n" * (len(before) - len(before.rstrip("\n")))
    assert not fixed.dropped
    again = fix_source(fixed.source, leaks, unsafe=False)
    assert again.source.text == fixed.source.text
    assert not again.applied


def test_a_structure_isolates_its_function() -> None:
    source = Source.from_bytes("m.py", (IMPORTS + "class A:\n    def f(self, engine: Engine):\n").encode())
    text = source.text + "        conn = engine.connect()\n        conn.execute(q)\n"
    (found,) = leaks(Source.from_bytes("m.py", text.encode()))
    assert found.fix is not None
    assert found.fix.isolation == "A.f"
