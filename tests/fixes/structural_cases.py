"""Structural fixes as data: a text, and what comes of the checkout in it.

``→`` on a row of its own tells how far the fix may be trusted, and below it stands the new text; for a refusal the
reason stands behind ``✗``. ``form: with`` asks for a block in place of a release by hand, ``checkout: 1`` for another
checkout than the first. ``␌`` is a form feed, ``⇥`` a tab, and ``¬`` means that the text ends without a newline.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# What leaks altogether: a `with` where the models say that there can be one.
BLOCKS = r"""
# a connection
def f(engine: Engine) -> int:
    conn = engine.connect()
    rows = conn.execute(text("select 1")).all()
    return len(rows)
→ safe
def f(engine: Engine) -> int:
    with engine.connect() as conn:
        rows = conn.execute(text("select 1")).all()
    return len(rows)

# the await goes where the call can be entered itself
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await conn.execute(q)
→ safe
async def f(engine: AsyncEngine):
    async with engine.connect() as conn:
        await conn.execute(q)

# it stays where the call is a coroutine
async def f(dsn):
    from psycopg import AsyncConnection
    conn = await AsyncConnection.connect(dsn)
    await conn.execute("select 1")
→
async def f(dsn):
    from psycopg import AsyncConnection
    async with await AsyncConnection.connect(dsn) as conn:
        await conn.execute("select 1")

# aiosqlite
async def f(path):
    import aiosqlite
    db = await aiosqlite.connect(path)
    await db.execute("select 1")
→ safe
async def f(path):
    import aiosqlite
    async with aiosqlite.connect(path) as db:
        await db.execute("select 1")

# a session
async def f(maker: async_sessionmaker[AsyncSession], user):
    session = maker()
    session.add(user)
    await session.commit()
    print("done")
→ safe
async def f(maker: async_sessionmaker[AsyncSession], user):
    async with maker() as session:
        session.add(user)
        await session.commit()
    print("done")

# getconn becomes connection, which commits
async def f(pool: AsyncConnectionPool):
    conn = await pool.getconn(timeout=3)
    await conn.execute("select 1")
    print()
→ unsafe
async def f(pool: AsyncConnectionPool):
    async with pool.connection(timeout=3) as conn:
        await conn.execute("select 1")
    print()

# asyncpg's pool
async def f(pool: Pool):
    conn = await pool.acquire()
    return await conn.fetch("select 1")
→ safe
async def f(pool: Pool):
    async with pool.acquire() as conn:
        return await conn.fetch("select 1")

# no context manager: asyncpg's own connection
async def f(dsn):
    import asyncpg
    conn = await asyncpg.connect(dsn)

    # about this
    await conn.execute("select 1")
    return await conn.fetch("x")
→ safe
async def f(dsn):
    import asyncpg
    conn = await asyncpg.connect(dsn)

    # about this
    try:
        await conn.execute("select 1")
        return await conn.fetch("x")
    finally:
        await conn.close()

# an annotation would be lost
async def f(maker: async_sessionmaker[AsyncSession]):
    session: AsyncSession = maker()
    await session.commit()
→ safe
async def f(maker: async_sessionmaker[AsyncSession]):
    session: AsyncSession = maker()
    try:
        await session.commit()
    finally:
        await session.close()

# a thread's session
def f(registry: scoped_session[Session]):
    s = registry()
    s.execute(q)
    return 1
→ unsafe
def f(registry: scoped_session[Session]):
    with registry() as s:
        s.execute(q)
    return 1

# an engine
def f(url):
    from sqlalchemy import create_engine
    engine = create_engine(url)
    with engine.connect() as c:
        c.execute(q)
→ unsafe
def f(url):
    from sqlalchemy import create_engine
    engine = create_engine(url)
    try:
        with engine.connect() as c:
            c.execute(q)
    finally:
        engine.dispose()

# releases that end their way out go
def f(engine: Engine):
    conn = engine.connect()
    if x:
        conn.close()
        return None
    return conn.execute(q).scalar()
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        if x:
            return None
        return conn.execute(q).scalar()

# not when something is done meanwhile
def f(engine: Engine):
    conn = engine.connect()
    if x:
        conn.close()
        return fetch(url)
    if y:
        conn.close()
        raise ValueError("y")
    return conn.execute(q).scalar()
→ unsafe
def f(engine: Engine):
    with engine.connect() as conn:
        if x:
            conn.close()
            return fetch(url)
        if y:
            raise ValueError("y")
        return conn.execute(q).scalar()

# others stay, and do no harm
def f(engine: Engine):
    conn = engine.connect()
    if x:
        conn.close()
        print("closed early")
    else:
        conn.execute(q)
    print("after")
→ unsafe
def f(engine: Engine):
    with engine.connect() as conn:
        if x:
            conn.close()
            print("closed early")
        else:
            conn.execute(q)
    print("after")

# but not where the pool would get it twice
def f(pool: ConnectionPool):
    conn = pool.getconn()
    if x:
        pool.putconn(conn)
        print("given back early")
    else:
        conn.execute(q)
✗ released-twice

# in the arms of other statements
def f(engine: Engine):
    try:
        g()
    except ValueError:
        conn = engine.connect()
        conn.execute(q)
    else:
        conn = engine.connect()
        conn.execute(r)
→ safe
def f(engine: Engine):
    try:
        g()
    except ValueError:
        with engine.connect() as conn:
            conn.execute(q)
    else:
        conn = engine.connect()
        conn.execute(r)
"""

# What is released, but not on all ways: the release moves into a `finally`.
FINALLY = r"""
# behind the last use
def f(maker: sessionmaker[Session]):
    session = maker()
    session.add(1)
    session.commit()
    session.close()
    print("done")
→ safe
def f(maker: sessionmaker[Session]):
    session = maker()
    try:
        session.add(1)
        session.commit()
    finally:
        session.close()
    print("done")

# its comments and the blank rows around it
def f(engine: Engine):
    conn = engine.connect()

    # what is read
    rows = conn.execute(q).all()
    # behind it

    # give it back
    conn.close()  # now

    return rows
→ safe
def f(engine: Engine):
    conn = engine.connect()

    # what is read
    try:
        rows = conn.execute(q).all()
        # behind it
    finally:
        # give it back
        conn.close()  # now

    return rows

# to the pool
async def f(pool: Pool):
    conn = await pool.acquire()
    await conn.execute("select 1")
    await pool.release(conn)
→ safe
async def f(pool: Pool):
    conn = await pool.acquire()
    try:
        await conn.execute("select 1")
    finally:
        await pool.release(conn)

# a try that has no finally gets it
def f(maker: sessionmaker[Session]):
    session = maker()
    try:
        session.commit()
    except Exception:
        session.rollback()
        raise
    session.close()
→ safe
def f(maker: sessionmaker[Session]):
    session = maker()
    try:
        session.commit()
    except Exception:
        session.rollback()
        raise
    finally:
        session.close()

# releases on the way out become superfluous
def f(engine: Engine):
    conn = engine.connect()
    if x:
        conn.close()
        return None
    try:
        r = conn.execute(q).all()
    except ValueError:
        conn.close()
        raise
    conn.close()
    return r
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        if x:
            return None
        try:
            r = conn.execute(q).all()
        except ValueError:
            raise
    finally:
        conn.close()
    return r

# under a guard
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    if conn is not None:
        conn.close()
        conn = None
    print()
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        if conn is not None:
            conn.close()
            conn = None
    print()

# whose own failure is swallowed
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    try:
        conn.close()
    except Exception:
        print('''x
   y''')
    print()
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        try:
            conn.close()
        except Exception:
            print('''x
   y''')
    print()

# with what is released beside it, if that is there already
def f(engine: Engine):
    raw = engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("x")
    cursor.close()
    raw.close()
    engine.dispose()
    print()
→ safe
def f(engine: Engine):
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("x")
        cursor.close()
    finally:
        raw.close()
        engine.dispose()
    print()

# but not with what only looks like it
def f(engine: Engine, files):
    conn = engine.connect()
    conn.execute("x")
    files.remove(1)
    conn.close()
    files.close(2)
→ safe
def f(engine: Engine, files):
    conn = engine.connect()
    try:
        conn.execute("x")
        files.remove(1)
    finally:
        conn.close()
    files.close(2)

# both stood before
def f(engine: Engine):
    log = engine.connect()
    conn = engine.connect()
    conn.execute(q)
    log.close()
    conn.close()
→ safe; checkout: 1
def f(engine: Engine):
    log = engine.connect()
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        log.close()
        conn.close()

# a gap before the try
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await setup(conn)

    try:
        await conn.execute(q)
    finally:
        await conn.close()
→ safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await setup(conn)

        await conn.execute(q)
    finally:
        await conn.close()

# a gap before a try with handlers
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await setup(conn)
    try:
        await conn.execute(q)
    except ValueError:
        print()
    finally:
        await conn.close()
→ safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await setup(conn)
        try:
            await conn.execute(q)
        except ValueError:
            print()
    finally:
        await conn.close()

# two checkouts before one try
async def f(engine: AsyncEngine):
    a = await engine.connect()
    b = await engine.connect()
    try:
        await a.execute(q)
        await b.execute(q)
    finally:
        await a.close()
        await b.close()
→ safe
async def f(engine: AsyncEngine):
    a = await engine.connect()
    try:
        b = await engine.connect()
        try:
            await a.execute(q)
            await b.execute(q)
        finally:
            await b.close()
    finally:
        await a.close()

# the last row has no newline
def f(pool: ConnectionPool):
    conn = pool.getconn()
    conn.execute("select 1")
    pool.putconn(conn)¬
→ safe
def f(pool: ConnectionPool):
    conn = pool.getconn()
    try:
        conn.execute("select 1")
    finally:
        pool.putconn(conn)¬

# shielded
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await conn.execute(q)
    await asyncio.shield(conn.close())
→ safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await conn.execute(q)
    finally:
        await asyncio.shield(conn.close())

# a handler further out still uses it
def f(engine: Engine):
    try:
        conn = engine.connect()
        conn.execute(q)
        conn.close()
    except Exception:
        print(conn)
→ unsafe
def f(engine: Engine):
    try:
        conn = engine.connect()
        try:
            conn.execute(q)
        finally:
            conn.close()
    except Exception:
        print(conn)

# what a helper does besides is not done on the ways of the others
def finish(conn):
    print("looked at")
    conn.close()

def f(engine: Engine, dry):
    conn = engine.connect()
    conn.execute(q)
    if dry:
        conn.close()
        return
    finish(conn)
✗ released-by-helper

# only where that is what has failed
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    try:
        conn.execute(p)
    except ValueError:
        conn.close()
        raise
    finish(conn)

def finish(conn):
    print("looked at")
    conn.close()
→ unsafe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
        try:
            conn.execute(p)
        except ValueError:
            raise
    finally:
        finish(conn)

def finish(conn):
    print("looked at")
    conn.close()

# the release needs a name that comes later
def f(pool: ConnectionPool):
    conn = pool.getconn()
    same = pool
    conn.execute(q)
    same.putconn(conn)
✗ release-needs-later-name

# nothing in between
def f(engine: Engine):
    conn = engine.connect()
    conn.close()
✗ nothing-between

# it stands under a finally already
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        conn.close()
✗ released-already

# released further out
def f(engine: Engine):
    if x:
        conn = engine.connect()
        conn.execute(q)
    conn.close()
✗ released-in-other-suite
"""

# `except Exception: release; raise`, and the release once more.
HANDLERS = r"""
# becomes the finally
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await conn.execute(q)
    # before
    except Exception:  # note
        # close it
        await conn.close()
        raise

    await conn.close()

    return 1
→ safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await conn.execute(q)
    # before
    finally:  # note
        # close it
        await conn.close()

    return 1

# bare, with two statements
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except:
        print("closing")
        conn.close()
        raise
    print("closing")
    conn.close()
    return 1
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        print("closing")
        conn.close()
    return 1

# more than the release in the handler: a finally beside it
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except Exception:
        conn.rollback()
        conn.close()
        raise
    conn.close()
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except Exception:
        conn.rollback()
        raise
    finally:
        conn.close()

# not when it is told apart by name
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except ValueError:
        conn.close()
        raise
    conn.close()
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except ValueError:
        raise
    finally:
        conn.close()
"""

# A block in place of a release by hand.
BY_HAND = r"""
# a try dissolves, its comments stay
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:  # why
        # one
        await conn.execute(q)
        await conn.commit()
    # out
    finally:  # note
        # close it
        await conn.close()
    return 1
→ safe; form: with
async def f(engine: AsyncEngine):
    async with engine.connect() as conn:
        # why
        # one
        await conn.execute(q)
        await conn.commit()
        # out
        # note
        # close it
    return 1

# handlers stay
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await conn.execute(q)
    except ValueError:
        await conn.rollback()
        raise
    finally:
        await conn.close()
    return 1
→ safe; form: with
async def f(engine: AsyncEngine):
    async with engine.connect() as conn:
        try:
            await conn.execute(q)
        except ValueError:
            await conn.rollback()
            raise
    return 1

# so does what else the finally does
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    finally:
        conn.close()
        print("over")
→ safe; form: with
def f(engine: Engine):
    with engine.connect() as conn:
        try:
            conn.execute(q)
        finally:
            print("over")

# behind the last use
def f(engine: Engine):
    conn = engine.connect()
    rows = conn.execute(q).all()

    conn.close()

    return rows
→ safe; form: with
def f(engine: Engine):
    with engine.connect() as conn:
        rows = conn.execute(q).all()

    return rows

# back to the pool
def f(pool: ConnectionPool):
    conn = pool.getconn()
    try:
        conn.execute("select 1")
        conn.commit()
    finally:
        pool.putconn(conn)
→ unsafe; form: with
def f(pool: ConnectionPool):
    with pool.connection() as conn:
        conn.execute("select 1")
        conn.commit()

# a release that does more than a block would
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    try:
        await conn.execute(q)
    finally:
        await conn.invalidate()
✗ released-already; form: with

# handed out: no block, and a finally would be wrong as well
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
        return conn
    finally:
        conn.close()
✗ released-already; form: with
"""

# Where lines begin and end.
LAYOUT = r"""
# a header over rows keeps its parentheses
async def f(engine: AsyncEngine):
    conn = (
        await engine  # the engine
        .connect()
    )
    await conn.execute(q)
→ safe
async def f(engine: AsyncEngine):
    async with (
        engine  # the engine
        .connect()
    ) as conn:
        await conn.execute(q)

# arguments over rows; a type comment stays
def f(engine: Engine):
    conn = engine.execution_options(
        a=1,  # why
    ).connect()  # type: Connection
    conn.execute(q)
→ safe
def f(engine: Engine):
    with engine.execution_options(
        a=1,  # why
    ).connect() as conn:  # type: Connection
        conn.execute(q)

# other comments stay
def f(engine: Engine):
    conn = engine.connect()  # noqa: X1
    # and before it
    conn.execute(q)  # and behind
    # not in it
→ safe
def f(engine: Engine):
    with engine.connect() as conn:  # noqa: X1
        # and before it
        conn.execute(q)  # and behind
    # not in it

# type: ignore is no type
def f(engine: Engine):
    conn = engine.connect()  # type: ignore[x]
    conn.execute(q)
→ safe
def f(engine: Engine):
    with engine.connect() as conn:  # type: ignore[x]
        conn.execute(q)

# no blank beside the equals sign, a backslash behind it
def f(engine: Engine):
    conn=engine.connect()
    conn.execute(q)
    conn = \
        engine.connect()
    conn.execute(r)
→ safe; checkout: 1
def f(engine: Engine):
    conn=engine.connect()
    conn.execute(q)
    with \
        engine.connect() as conn:
        conn.execute(r)

# strings keep their content, and their neighbours move
def f(engine: Engine):
    conn = engine.connect()
    conn.execute('''
  select
        1
    ''' "a"
                 "b", f'''{
    q = }
{{   ''')
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        conn.execute('''
  select
        1
    ''' "a"
                     "b", f'''{
    q = }
{{   ''')

# continuation rows shift evenly, wherever they stand
def f(engine: Engine):
    conn = engine.connect()
    if x: \
      y()
    conn.execute(a,
  b,
        c
    )
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        if x: \
          y()
        conn.execute(a,
      b,
            c
        )

# comments further out stay out
def f(engine: Engine):
    conn = engine.connect()
    if x:
        conn.execute(q)
  # further out
    # here
    return conn.scalar(q)
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        if x:
            conn.execute(q)
  # further out
        # here
        return conn.scalar(q)

# by the step of the suite around, not by that of the file
class A:
        class B:
                if 1:
                  def f(self, engine: Engine):
                    conn = engine.connect()
                    conn.execute(q)
→ safe
class A:
        class B:
                if 1:
                  def f(self, engine: Engine):
                    with engine.connect() as conn:
                      conn.execute(q)

# tabs, and a case
def f(engine: Engine):
⇥match x:
⇥⇥case 1:
⇥⇥⇥conn = engine.connect()
⇥⇥⇥conn.execute(q,
⇥⇥⇥  1)
⇥⇥⇥conn.close()
→ safe
def f(engine: Engine):
⇥match x:
⇥⇥case 1:
⇥⇥⇥conn = engine.connect()
⇥⇥⇥try:
⇥⇥⇥⇥conn.execute(q,
⇥⇥⇥⇥  1)
⇥⇥⇥finally:
⇥⇥⇥⇥conn.close()

# form feeds stay where they stand
def f(engine: Engine):
    conn = engine.connect()
␌    conn.execute(q)
␌
    conn.close()
→ safe
def f(engine: Engine):
    conn = engine.connect()
    try:
␌        conn.execute(q)
␌
    finally:
        conn.close()

# decorators are part of what moves
def f(engine: Engine):
    conn = engine.connect()

    @cache
    # of what
    def g(x):
        return x

    return g(conn.scalar(q))
→ safe
def f(engine: Engine):
    with engine.connect() as conn:

        @cache
        # of what
        def g(x):
            return x

        return g(conn.scalar(q))

# two statements on one row, in the block
def f(engine: Engine):
    conn = engine.connect()
    x = 1; y = 2
    return conn.scalar(x)
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        x = 1; y = 2
        return conn.scalar(x)

# or at its end
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q); print()
✗ a guard of the builder

# the release shares a row
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    print(); conn.close()
✗ a guard of the builder

# a finally on one row
def f(engine: Engine):
    conn = engine.connect()
    try: conn.execute(q)
    finally: conn.close()
✗ a guard of the builder; form: with

# a suite that would be empty
def f(engine: Engine):
    conn = engine.connect()
    try:
        conn.execute(q)
    except ValueError:
        conn.close()
        raise
    if y:
        conn.close()
        return
    return conn.scalar(q)
→ safe
def f(engine: Engine):
    with engine.connect() as conn:
        try:
            conn.execute(q)
        except ValueError:
            raise
        if y:
            return
        return conn.scalar(q)
"""


class Case(NamedTuple):
    """One of them. ``after`` is empty for a refusal."""

    name: str
    before: str
    after: str
    level: str
    refusal: str
    form: str
    checkout: int


_PARTS = re.compile(r"(.*?\n)(?:→ ?([^\n]*)\n(.*)|✗ ([^\n]*)\n+)", re.DOTALL)


def _read(text: str) -> Case:
    name, _, body = text.replace("␌", "\f").replace("⇥", "\t").partition("\n")
    match = _PARTS.fullmatch(body)
    assert match is not None, name
    before, said, after, refusal = match.groups("")
    words = [one for one in (said or refusal).split("; ") if ": " not in one]
    options = dict(one.split(": ") for one in (said or refusal).split("; ") if ": " in one)
    return Case(
        name,
        _written(before),
        _written(after) if after else "",
        words[0] if said and words else "",
        words[0] if refusal else "",
        options.get("form", "finally"),
        int(options.get("checkout", "0")),
    )


def _written(text: str) -> str:
    return (text.rstrip("\n") + "\n").replace("¬\n", "")


CASES = [
    _read(text)
    for group in (BLOCKS, FINALLY, HANDLERS, BY_HAND, LAYOUT)
    for text in re.split(r"^# (?=.*\n(?:async )?(?:def|class) )", group, flags=re.MULTILINE)[1:]
]
