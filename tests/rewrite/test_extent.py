"""How far a block has to reach: programs in which comments say so.

``# last`` stands behind the last statement that belongs to the block of the checkout, ``# use`` behind the last one
that names it where that is another. Above stands how far a block may be trusted, or why there can be none. The checkout
is what the function binds first to ``conn``, ``session`` or ``s``.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from poolint.models.loader import load
from poolint.rewrite.extent import Extent, Refusal, checkout, extent_of
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.text.source import Source
from poolint.types.evaluator import Evaluator

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

IMPORTS = """
from alembic import context
from alembic.migration import MigrationContext
from asyncpg import Pool
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker
import asyncio, logging
"""


def extent(
    evaluator: Evaluator, scope: Scope, statement: ast.stmt, name: str, until: ast.stmt | None = None
) -> Extent | Refusal:
    one = checkout(evaluator, scope, statement, name)
    return one if isinstance(one, Refusal) else extent_of(one, until)


PROGRAMS = r"""
# the last use
# safe
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    print()
    conn.execute(r)  # last
    print()

# plain data ends the chain
# safe
def f(engine: Engine):
    conn = engine.connect()
    rows = conn.execute(q).fetchall()
    one = conn.execute(q).scalar_one()
    count = conn.execute(q).rowcount > 0
    number = len(list(conn.execute(q)))
    name = f"{conn.dialect.name}"
    many = [dict(row) for row in conn.execute(q)]  # last
    print(rows, one, count, number, name, many)

# what the models give no type to is plain data
# safe
async def f(pool: Pool):
    conn = await pool.acquire()
    status = await conn.execute("x")
    value = await conn.fetchval("y")  # last
    print(status, value)

# a result is read later
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    result = conn.execute(q)  # use
    print("in between")
    for row in result.mappings():  # last
        print(row)
    print("after")

# a chain of names
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    raw = conn.connection  # use
    cursor = raw.cursor()
    cursor.execute("x")
    rows = cursor.fetchall()  # last
    print(rows)

# an object made of it
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    mc = MigrationContext.configure(conn)  # use
    print()
    return mc.get_current_revision()  # last

# a module that is given it
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    context.configure(connection=conn)  # use
    context.run_migrations()  # last
    print()

# but not a module of the standard library
# safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await asyncio.gather(one(conn), two(conn))  # last
    await asyncio.sleep(1)

# a container that it is put into
# unsafe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    tasks = []
    for query in queries:  # use
        tasks.append(run(conn, query))
    await asyncio.gather(*tasks)  # last
    print()

# by a subscript
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    known = {}
    known["conn"] = conn  # use
    work(known)  # last
    print()

# an awaited call gives a result, not the resource
# safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    rows = await load(conn, q)  # last
    print(rows)

# a plain call may give anything
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    rows = load(conn, q)  # use
    print(rows)  # last
    print()

# logging keeps nothing
# safe
def f(engine: Engine, logger: logging.Logger):
    conn = engine.connect()
    logger.info("connected: %s", conn)  # last
    logger.info("more")

# entities of a synchronous session stay with it
# unsafe
def f(maker: sessionmaker[Session]):
    session = maker()
    user = session.get(User, 1)  # use
    print(user.posts)  # last
    print()

# also those that are given to it
# unsafe
def f(maker: sessionmaker[Session], user):
    session = maker()
    session.add(user)
    session.commit()  # use
    print(user.id)  # last
    print()

# but its counts and rows do not
# safe
def f(maker: sessionmaker[Session]):
    session = maker()
    changed = session.query(User).filter(a).update({})
    count = session.query(User).count()
    rows = session.execute(q).fetchall()  # last
    print(changed, count, rows)

# on an asynchronous one reading them never reaches the database
# safe
async def f(maker: async_sessionmaker[AsyncSession]):
    session = maker()
    user = await session.get(User, 1)
    users = (await session.scalars(q)).all()  # last
    await render(user.name, users)

# unless it is asked to
# unsafe
async def f(maker: async_sessionmaker[AsyncSession]):
    session = maker()
    user = await session.get(User, 1)  # use
    posts = await user.awaitable_attrs.posts
    print(posts)  # last
    print()

# what only returns a name takes no time
# safe
def f(maker: sessionmaker[Session]):
    session = maker()
    user = session.get(User, 1)  # use
    if user is None:
        return None
    return user  # last

# a foreign await in what is added
# display
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    result = await conn.stream(q)  # use
    await client.get(url)
    async for row in result:  # last
        print(row)

# one that is held anyway
# safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    await client.get(url)
    await conn.execute(q)  # last

# one inside of what reads it
# display
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    result = await conn.stream(q)  # use
    async for row in result:  # last
        await client.post(row)

# its own awaits
# unsafe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    result = await conn.stream(q)  # use
    rows = await result.fetchmany(5)
    async with result as more:
        await more.fetchall()
    return await result.one()  # last

# bound again further down: another lifetime
# safe
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)  # last
    print()
    with engine.connect() as conn:
        conn.execute(r)

# also inside something else
# safe
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)  # last
    try:
        conn = engine.connect()
        conn.execute(r)
    finally:
        print()

# deleted behind its last use
# safe
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)  # last
    del conn

# a comprehension's own variable
# safe
def f(engine: Engine, pools):
    conn = engine.connect()
    conn.execute(q)  # last
    return [conn.name for conn in pools]

# names of the same spelling in other functions
# safe
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)  # last

    def g(conn):
        return conn

    return g

# ways out of the block do no harm
# safe
def f(engine: Engine):
    for q in qs:
        conn = engine.connect()
        if conn.scalar(q):
            continue
        if conn.scalar(r):
            break
        if conn.scalar(s):
            return 1
        conn.execute(t)  # last
        print()

# it is lent to the consumer of a generator
# safe
def f(engine: Engine):
    conn = engine.connect()
    yield conn  # last
    print()

# made into something that is lent
# unsafe
def f(engine: Engine):
    conn = engine.connect()
    repository = Repository(conn)  # use
    yield repository  # last
    print()

# in an arm
# safe
def f(engine: Engine):
    if a:
        pass
    else:
        conn = engine.connect()
        conn.execute(q)  # last
        print()

# a result that came through await has been read whole
# safe
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    return await conn.execute(q)  # last

# --- refusals

# ✗ read-outside
def f(engine: Engine):
    if a:
        conn = engine.connect()
    conn.execute(q)

# ✗ read-outside
def f(engine: Engine):
    conn = None
    for q in qs:
        if conn:
            conn.execute(q)
        conn = engine.connect()

# ✗ read-outside
def f(engine: Engine):
    try:
        conn = engine.connect()
        conn.execute(q)
    except ValueError:
        conn.rollback()

# ✗ result-read-outside
def f(engine: Engine):
    if a:
        conn = engine.connect()
        result = conn.execute(q)
    print(result)

# ✗ rebound
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    if a:
        conn = engine.connect()
    conn.execute(q)

# ✗ rebound
def f(engine: Engine):
    conn = engine.connect()
    conn = conn.execution_options(a=1)
    conn.execute(q)

# ✗ returned
def f(engine: Engine):
    conn = engine.connect()
    conn.execute(q)
    return conn

# ✗ returned
def f(engine: Engine):
    conn = engine.connect()
    return {"conn": [conn], "x": 1}

# ✗ returned
def f(engine: Engine):
    conn = engine.connect()
    both = conn, 1
    return both

# ✗ returned
def f(engine: Engine):
    conn = engine.connect()
    return Repository(conn)

# ✗ read-by-result
def f(engine: Engine):
    conn = engine.connect()
    return conn.execute(q)

# ✗ read-by-result
def f(engine: Engine):
    conn = engine.connect()
    return (row.id for row in conn.execute(q))

# ✗ read-by-result
async def f(engine: AsyncEngine):
    conn = await engine.connect()
    return await conn.stream(q)

# ✗ stored
def f(self, engine: Engine):
    conn = engine.connect()
    self.conn = conn
    conn.execute(q)

# ✗ stored
def f(self, engine: Engine):
    conn = engine.connect()
    self.result = conn.execute(q)

# ✗ stored
def f(self, engine: Engine):
    conn = engine.connect()
    self.pool.append(conn)

# ✗ stored
def f(request, engine: Engine):
    conn = engine.connect()
    request.state.repository = Repository(conn)

# ✗ renamed
def f(engine: Engine):
    conn = engine.connect()
    other = conn
    other.execute(q)

# ✗ renamed
def f(engine: Engine):
    conn = engine.connect()
    other = conn if a else None
    print(other)

# ✗ captured
def f(engine: Engine):
    conn = engine.connect()
    return sorted(xs, key=lambda x: conn.scalar(x))

# ✗ captured
def f(engine: Engine):
    conn = engine.connect()

    def g():
        return conn.scalar(q)

    return g()

# ✗ global
def f(engine: Engine):
    global conn
    conn = engine.connect()
    conn.execute(q)

# ✗ global
def f(engine: Engine):
    conn = engine.connect()

    def g():
        nonlocal conn
        conn = None

    conn.execute(q)

# ✗ no-function
conn = engine.connect()
conn.execute(q)

# ✗ no-function
class A:
    conn = engine.connect()
    conn.execute(q)

# ✗ more-than-call
def f(engine: Engine):
    conn = engine.connect() if a else None
    conn.execute(q)

# ✗ no-single-name
def f(engine: Engine):
    conn, other = engine.connect(), 1
    conn.execute(q)

# ✗ no-single-name
def f(engine: Engine):
    conn = other = engine.connect()
    conn.execute(q)

# ✗ no-assignment
def f(engine: Engine):
    if (conn := engine.connect()):
        conn.execute(q)

# ✗ shared-row
def f(engine: Engine):
    conn = engine.connect(); conn.execute(q)

# ✗ shared-row
def f(engine: Engine):
    if a: conn = engine.connect()
    conn.execute(q)

# ✗ unused
def f(engine: Engine):
    conn = engine.connect()
    print()

# ✗ unreachable
def f(engine: Engine):
    return 1
    conn = engine.connect()
    conn.execute(q)
"""


def programs() -> list[object]:
    found: list[object] = []
    for text in re.split(r"\n\n(?=# )", PROGRAMS.strip()):
        comments, _, body = re.fullmatch(r"((?:# [^\n]*\n?)+)(\n?)(.*)", text, flags=re.S).groups()  # type: ignore[union-attr]
        said = [row.removeprefix("# ") for row in comments.strip().split("\n")]
        if body:
            found.append(pytest.param(body + "\n", said[-1], id=f"{len(found)}: {said[0]}"))
    return found


def bound_first(module: Module) -> tuple[ast.stmt, str, Scope]:
    """The first statement that binds one of the usual names, with its scope."""
    for node in ast.walk(module.source.tree):
        statement = node.__dict__.get("_poolint_parent")
        while statement is not None and not isinstance(statement, ast.stmt):
            statement = statement.__dict__.get("_poolint_parent")
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in ("conn", "session", "s"):
            value = getattr(statement, "value", None) or getattr(statement, "test", None)
            if not isinstance(value, ast.Constant):
                return statement, node.id, module.scope_of(statement)
    raise AssertionError("nothing is bound")


@pytest.mark.parametrize(("text", "said"), programs())
def test_extents(text: str, said: str, tmp_path: Path) -> None:
    finder = Finder(Ready().libraries)
    evaluator = Evaluator(Project(finder), load(), Screen(finder))
    data = (text + IMPORTS).encode()
    module = evaluator.project.replace(Source.from_bytes(str(tmp_path / "m.py"), data))
    statement, name, scope = bound_first(module)
    found = extent(evaluator, scope, statement, name)
    if said.startswith("✗"):
        assert found == Refusal(said.removeprefix("✗ "))
        return
    assert not isinstance(found, Refusal), found.reason
    rows = {mark: row for row, one in enumerate(text.split("\n"), 1) for mark in re.findall(r"# (last|use)$", one)}
    assert (found.last.lineno, found.last_use.lineno) == (rows["last"], rows.get("use", rows["last"]))
    assert found.applicability.value == said
    assert found.first.lineno > statement.lineno
    assert found.yields == ("yield" in text)


def test_a_release_ends_the_extent(tmp_path: Path) -> None:
    text = (
        "def f(engine: Engine):\n"
        "    conn = engine.connect()\n"
        "    result = conn.execute(q)\n"
        "    conn.close()\n"
        "    print(result.keys(), conn)\n"
    )
    finder = Finder(Ready().libraries)
    evaluator = Evaluator(Project(finder), load(), Screen(finder))
    module = evaluator.project.replace(Source.from_bytes(str(tmp_path / "m.py"), (text + IMPORTS).encode()))
    statement, name, scope = bound_first(module)
    close = module.source.tree.body[0].body[2]  # type: ignore[attr-defined]
    found = extent(evaluator, scope, statement, name, close)
    assert not isinstance(found, Refusal)
    assert (found.last.lineno, found.last_use.lineno, found.applicability.value) == (3, 3, "safe")


def test_too_much_is_given_up(tmp_path: Path) -> None:
    rows = ["def f(engine: Engine):", "    conn = engine.connect()"]
    rows += [f"    x{index} = conn.execute({index})" for index in range(1500)]
    finder = Finder(Ready().libraries)
    evaluator = Evaluator(Project(finder), load(), Screen(finder))
    data = ("\n".join(rows) + IMPORTS).encode()
    module = evaluator.project.replace(Source.from_bytes(str(tmp_path / "m.py"), data))
    assert extent(evaluator, *[bound_first(module)[index] for index in (2, 0, 1)]) == Refusal(  # type: ignore[arg-type]
        "too-much"
    )
