"""Engines and pools as they are made: small modules, and what is known of the one engine in each.

Expected is one line: kind, URL schemes, classes of pool, the limit, and the arguments that are known, ``?`` behind those
that are given on some ways only. ``…`` says that there may be others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from poolint.configuration.engines import Engines, EngineSpec
from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.text.source import Source
from poolint.types.evaluator import Evaluator

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
import os, asyncpg, psycopg_pool, aiomysql, psycopg2.pool
from psycopg_pool import AsyncConnectionPool, NullConnectionPool
from sqlalchemy import create_engine, engine_from_config
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, StaticPool
"""

PROGRAMS = """
=== sync postgresql://; QueuePool; 15;
engine = create_engine("postgresql://h/d")
=== async postgresql+asyncpg://; AsyncAdaptedQueuePool; 15;
engine = create_async_engine("postgresql+asyncpg://h/d")
=== sync sqlite://; SingletonThreadPool; 5;
engine = create_engine("sqlite://")
=== async sqlite+aiosqlite://; StaticPool; 1;
engine = create_async_engine("sqlite+aiosqlite:///:memory:")
=== async sqlite+aiosqlite://; AsyncAdaptedQueuePool; 15;
engine = create_async_engine("sqlite+aiosqlite:///./a.db")
=== sync ; QueuePool; 30; pool_size=10 max_overflow=20
engine = create_engine(os.environ["URL"], pool_size=10, max_overflow=20)
=== sync ; NullPool; unlimited; poolclass
engine = create_engine(os.environ["URL"], poolclass=NullPool)
=== sync ; QueuePool; unlimited; max_overflow=-1
engine = create_engine(os.environ["URL"], max_overflow=-1)
=== sync ; QueuePool; unlimited; pool_size=0
engine = create_engine(os.environ["URL"], pool_size=0)
=== sync ; AssertionPool; 1; poolclass
engine = create_engine(os.environ["URL"], poolclass=AssertionPool)
=== sync ; Own; 7; poolclass pool_size=5 max_overflow=2
class Own(QueuePool):
    pass
engine = create_engine(os.environ["URL"], poolclass=Own, pool_size=5, max_overflow=2)
=== async ; AsyncAdaptedQueuePool; 15;
engine = AsyncEngine(create_engine(os.environ["URL"]))
=== async ; AsyncAdaptedQueuePool; 15;
inner = create_engine(os.environ["URL"])
engine = AsyncEngine(inner)
=== sync ; ; unknown; …
def make(url, **kwargs):
    return create_engine(url, **kwargs)
=== sync ; QueuePool; 8; pool_size=5 max_overflow=3
options = {"pool_size": 5, "max_overflow": 3}
engine = create_engine(os.environ["URL"], **options)
=== sync ; QueuePool; 8; pool_size=5 max_overflow=3
options = dict(pool_size=5)
options["max_overflow"] = 3
engine = create_engine(os.environ["URL"], **options)
=== sync ; QueuePool; 8; pool_size=5 max_overflow=3
def make(url):
    options = {}
    options.update(pool_size=5)
    options.update({"max_overflow": 3})
    return create_engine(url, **options)
=== sync ; QueuePool; 8; pool_size=5 max_overflow=3
def make(url):
    options = {"pool_size": 4}
    options |= {"pool_size": 5, "max_overflow": 3}
    return create_engine(url, **options)
=== sync ; StaticPool QueuePool; 30; poolclass? pool_size=20?
def make(url):
    options = {}
    if url.startswith("sqlite"):
        options["poolclass"] = StaticPool
    else:
        options["pool_size"] = 20
    return create_engine(url, **options)
=== sync ; QueuePool; 16; pool_size=6 future=True
BASE = {"pool_size": 6}
engine = create_engine(os.environ["URL"], **{**BASE, "future": True})
=== sync ; QueuePool; 14; pool_size=4
def options():
    return {"pool_size": 4}
engine = create_engine(os.environ["URL"], **options())
=== sync ; QueuePool; 15; max_overflow=10 pool_size=5?
def make(url, big):
    return create_engine(url, max_overflow=10, **({"pool_size": 5} if big else {}))
=== sync ; ; unknown; …
options = {"pool_size": 4}
options.pop("pool_size")
engine = create_engine(os.environ["URL"], **options)
=== sync ; ; unknown; pool_size=4 …
def make(url, change):
    options = {"pool_size": 4}
    change(options)
    return create_engine(url, **options)
=== sync ; QueuePool; 14; pool_size=4
class Settings:
    pool_size: int = 4
settings = Settings()
engine = create_engine(os.environ["URL"], pool_size=settings.pool_size)
=== sync ; QueuePool; 15; connect_args {timeout=3}
engine = create_engine(os.environ["URL"], connect_args={"timeout": 3})
=== sync ; ; unknown; pool_size=4 max_overflow=0? timeout=3? …
options = {"pool_size": 5}
options["pool_size"] = 4
if os.environ.get("TEST"):
    options |= {"max_overflow": 0}
for name in ("timeout",):
    options["timeout"] = 3
for name in os.environ:
    options[name] = 3
def make(url):
    return create_engine(url, **options)
=== sync ; QueuePool; 12; pool_size=2
options = {"pool_timeout": 5, "max_overflow": 0}
options["pool_size"] = 9
options = {}
options.update(pool_size=2)
def make(url):
    return create_engine(url, **options)
=== sync ; QueuePool; 15; pool_size=2?
options: dict[str, object]
try:
    options = {}
    options["pool_size"] = 2
except ValueError:
    raise
def make(url):
    return create_engine(url, **options)
=== sync ; QueuePool; 15; pool_size=5?
options = {}
def configure():
    options["pool_size"] = 5
def make(url):
    return create_engine(url, **options)
=== sync ; QueuePool; 15; pool_size=5
options = {}
def make(url):
    options["pool_size"] = 5
    engine = create_engine(url, **options)
    options["max_overflow"] = 50
    return engine
=== sync ; QueuePool; 7; max_overflow=5 pool_size=2
def configure(url):
    options = {}
    options["pool_size"] = 2
    def make():
        return create_engine(url, max_overflow=5, **options)
    return make
=== sync ; ; unknown; pool_recycle=9 pool_size=2 …
class Settings:
    options = {"pool_size": 3}
    options["pool_size"] = 2
def make(url):
    return create_engine(url, pool_recycle=9, **Settings.options)
=== sync ; QueuePool; 15; connect_args {timeout=3}
arguments = {}
arguments["timeout"] = 3
def make(url):
    return create_engine(url, connect_args=arguments)
=== async ; ; 10;
async def make():
    return await asyncpg.create_pool(os.environ["DSN"])
=== async postgresql://; ; 20; min_size=2 max_size=20
async def make():
    async with asyncpg.create_pool("postgresql://h/d", min_size=2, max_size=20) as pool:
        return pool
=== async ; ; 4;
pool = AsyncConnectionPool(os.environ["DSN"])
=== async ; ; 9; min_size=9
pool = AsyncConnectionPool(os.environ["DSN"], min_size=9)
=== sync ; ; unlimited; max_size=0
pool = NullConnectionPool(os.environ["DSN"], max_size=0)
=== async ; ; 10; host=h
async def make():
    return await aiomysql.create_pool(host="h")
=== sync ; ; 20; minconn=1 maxconn=20
pool = psycopg2.pool.ThreadedConnectionPool(1, 20)
=== sync ; QueuePool; 4; pool_size=3 max_overflow=1 creator
pool = QueuePool(lambda: None, 3, 1)
=== sync ; QueuePool; 15; configuration prefix=sqlalchemy.
engine = engine_from_config({}, "sqlalchemy.")
=== sync ; NullPool QueuePool; 15; poolclass
engine = create_engine(os.environ["URL"], poolclass=NullPool if os.environ.get("TEST") else QueuePool)
=== sync ; ; unknown; poolclass=None
engine = create_engine(os.environ["URL"], poolclass=NullPool if os.environ.get("TEST") else None)
"""


def programs() -> list[tuple[str, str]]:
    found = []
    for part in re.split(r"^=== ", PROGRAMS, flags=re.MULTILINE)[1:]:
        expected, _, body = part.partition("\n")
        found.append((expected, body))
    return found


def described(spec: EngineSpec) -> str:
    limit = spec.limit
    most = "unlimited" if limit.unlimited else "unknown" if limit.most is None else str(limit.most)
    words = []
    for name, one in spec.arguments.items():
        if name == spec.maker.address:
            continue
        known = f"={one.folded.known[0].value}" if len(one.folded.known) == 1 else ""
        inner = ""
        if name == "connect_args":
            inner = (
                " {"
                + " ".join(f"{key}={value.folded.known[0].value}" for key, value in spec.connect_args.items())
                + "}"
            )
        words.append(f"{name}{known}{inner}{'' if one.always else '?'}")
    words += [] if spec.complete else ["…"]
    schemes = " ".join(f"{one.scheme}://" for one in spec.urls)
    pools = " ".join(one.name for one in spec.pools)
    return f"{spec.kind} {schemes}; {pools}; {most}; {' '.join(sorted(words))}".strip()


@pytest.mark.parametrize(("expected", "body"), programs())
def test_engines(expected: str, body: str, tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(HEAD + body, encoding="utf-8")
    finder = Finder(Ready().libraries)
    project = Project(finder)
    engines = Engines(Evaluator(project, load(), Screen(finder)))
    [spec] = engines.of_module(project.replace(Source.read(str(path))))
    head, _, words = expected.rpartition(";")
    connect = re.search(r"connect_args \{.*\}", words)
    rest = sorted(re.sub(r"connect_args \{.*\}", "", words).split())
    assert described(spec) == f"{head}; {' '.join(sorted([*rest, *([connect[0]] if connect else [])]))}".strip()


def test_the_numbers_say_where_they_are_from(tmp_path: Path) -> None:
    text = HEAD + 'SIZE = 3\nengine = create_engine("x", pool_size=SIZE, max_overflow=int(os.getenv("MORE", "2")))\n'
    path = tmp_path / "main.py"
    path.write_text(text, encoding="utf-8")
    finder = Finder(Ready().libraries)
    project = Project(finder)
    [spec] = Engines(Evaluator(project, load(), Screen(finder))).of_module(project.replace(Source.read(str(path))))
    assert (spec.name, spec.function, spec.row, spec.path) == ("engine", "<module>", HEAD.count("\n") + 2, str(path))
    assert (spec.size.most, spec.size.origin, spec.size.name) == (3, "given", "SIZE")
    assert (spec.overflow.most, spec.overflow.origin, spec.overflow.name) == (2, "setting", "MORE")
    assert spec.size.certain
    assert not spec.overflow.certain
    assert [one.most for one in spec.limit.parts] == [3, 2]
