"""The screen is an optimisation that nobody may notice: findings are the same without it."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import Fixture, Project, fixtures

from poolint.finder import Finder
from poolint.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.diagnostics import Diagnostic

STDLIB = Path(sysconfig.get_path("stdlib"))
SLICES = ("asyncio", "concurrent", "sqlite3", "http", "email", "json", "urllib", "importlib", "unittest", "wsgiref")
SLICES_TOP = 40


def facts(one: Diagnostic) -> tuple[object, ...]:
    return (one.filename, one.code, one.range, one.message, one.path, one.certainty, one.fix)


@pytest.mark.parametrize("fixture", fixtures(), ids=lambda fixture: fixture.name)
def test_fixtures_without_the_screen(fixture: Fixture, tmp_path: Path) -> None:
    fixture.lay_out(tmp_path)
    missed = {place[:3] for place in fixture.expectations.misses}

    def found(screened: bool) -> list[tuple[object, ...]]:
        project = Project(tmp_path, fixture.files, screened=screened)
        return [facts(one) for one in project.findings() if project.place(one)[:3] not in missed]

    assert found(screened=True) == found(screened=False)


@pytest.mark.parametrize("name", ["", *SLICES])
def test_the_standard_library_without_the_screen(name: str) -> None:
    folder = STDLIB / name
    files = sorted(folder.glob("*.py"))[:SLICES_TOP]
    names = [path.relative_to(STDLIB).as_posix() for path in files]
    assert names
    found = [list(map(facts, Project(STDLIB, names, screened=yes).findings())) for yes in (True, False)]
    assert found[0] == found[1]




@pytest.fixture
def screened(tmp_path: Path) -> Callable[[dict[str, str]], Callable[[str], bool]]:
    """Write the files of a project; gives a function that asks the screen for one of them."""

    def write(files: dict[str, str]) -> Callable[[str], bool]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        screen = Screen(Finder(str(tmp_path)))
        return lambda name: screen.is_interesting(str(tmp_path / name), (tmp_path / name).read_bytes())

    return write


DATABASE = """
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("sqlite+aiosqlite://")
SessionLocal = async_sessionmaker(engine)
LIMIT = 10


class Repository:
    def __init__(self):
        self.session = SessionLocal()


def get_repository() -> "Repository":
    return Repository()


def limit() -> int:
    return LIMIT
"""

# What a module says of `database` (above), and whether that makes it interesting.
IMPORTS = [
    ("from database import SessionLocal", True),
    ("from database import SessionLocal as Session", True),
    ("from database import (\n    LIMIT,\n    SessionLocal,  # the factory\n)", True),
    ("from database import (  # ours\n    LIMIT,\n    limit,\n)", False),
    ("from database import LIMIT, \\\n    SessionLocal", True),
    ("from database import LIMIT", False),
    ("from database import limit as how_many", False),
    ("from database import get_repository", True),
    ("from database import Repository", True),
    ("from database import *", True),
    ("from . import database", True),
    ("from .database import SessionLocal", True),
    ("import database", True),
    ("import database as db", True),
    ("import json, database as db", True),
    ("if TYPE_CHECKING:\n    from database import Repository", True),
    ("def run():\n    from database import SessionLocal\n    return SessionLocal()", True),
    ("try:\n    from database import SessionLocal\nexcept ImportError:\n    SessionLocal = None", True),
    ("try: from database import SessionLocal\nexcept ImportError: pass", True),
    ("import os; from database import SessionLocal", True),
    ("class Job:\n\tfrom database import SessionLocal", True),
    ("# from database import SessionLocal", False),
    ("import json", False),
    ("from elsewhere import SessionLocal", False),
]


@pytest.mark.parametrize(("text", "expected"), IMPORTS)
def test_imports(screened: Callable[..., Callable[[str], bool]], text: str, expected: bool) -> None:
    is_interesting = screened({"database.py": DATABASE, "module.py": f'"""A module."""\n{text}\n'})
    assert is_interesting("module.py") is expected


# Modules between `database` and the one that is asked about, `module`.
CHAINS = {
    "through the package": {
        "shop/__init__.py": "from .database import SessionLocal\n",
        "shop/database.py": DATABASE,
        "module.py": "from shop import SessionLocal\n",
    },
    "through two packages under new names": {
        "shop/__init__.py": "from .storage import Session as NewSession\n",
        "shop/storage/__init__.py": "from .database import SessionLocal as Session\n",
        "shop/storage/database.py": DATABASE,
        "module.py": "import shop as s\n",
    },
    "by stars": {
        "shop/__init__.py": "from .storage import *\n",
        "shop/storage/__init__.py": "from .database import *\n",
        "shop/storage/database.py": DATABASE,
        "module.py": "from shop import get_repository\n",
    },
    "as a submodule": {
        "shop/__init__.py": "",
        "shop/storage/__init__.py": "",
        "shop/storage/database.py": DATABASE,
        "module.py": "from shop.storage import database\n",
    },
    "as a submodule by its dotted name": {
        "shop/__init__.py": "",
        "shop/storage/__init__.py": "",
        "shop/storage/database.py": DATABASE,
        "module.py": "import shop.storage.database as db\n",
    },
    "as a dotted name without an alias": {
        "shop/__init__.py": "",
        "shop/storage/__init__.py": "",
        "shop/storage/database.py": DATABASE,
        "module.py": "import shop.storage.database\n",
    },
    "in a namespace package": {
        "shop/storage/database.py": DATABASE,
        "module.py": "from shop.storage.database import SessionLocal\n",
    },
    "in a src layout": {
        "src/shop/__init__.py": "",
        "src/shop/database.py": DATABASE,
        "src/shop/module.py": "from shop.database import SessionLocal\n",
        "module.py": "from shop import database\n",
    },
    "a decorator's": {
        "database.py": DATABASE,
        "decorators.py": (
            "import functools\nfrom database import SessionLocal\n\n\n"
            "def with_session(function):\n    @functools.wraps(function)\n    async def wrapper(*args):\n"
            "        async with SessionLocal() as session:\n            return await function(session, *args)\n"
            "    return wrapper\n"
        ),
        "module.py": "from decorators import with_session\n",
    },
    "a base class's": {
        "database.py": DATABASE,
        "base.py": "from database import Repository\n\n\nclass Base(Repository):\n    limit = 3\n",
        "middle.py": "import base\n\n\nclass Middle(base.Base):\n    pass\n",
        "module.py": "from middle import Middle\n",
    },
    "an annotated alias's": {
        "deps.py": (
            "from typing import Annotated\nfrom fastapi import Depends\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
            "DB = Annotated[AsyncSession, Depends(object)]\n"
        ),
        "api.py": "from deps import DB as Session\nOther = Session\n",
        "module.py": "from api import Other\n",
    },
    "a global's, set in a function": {
        "database.py": "_pool = None\n\n\nasync def start():\n    global _pool\n    import asyncpg\n    _pool = await asyncpg.create_pool('')\n",
        "module.py": "from database import _pool\n",
    },
    "a global's, set in a function of a module without a library": {
        "database.py": DATABASE,
        "holder.py": "import database\n\ncurrent = None\n\n\ndef start():\n    global current\n    current = database.SessionLocal()\n",
        "module.py": "import holder\n",
    },
    "imported for type checkers only": {
        "database.py": DATABASE,
        "types_.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from database import Repository\n\n\nclass Holder:\n    repository: 'Repository'\n",
        "module.py": "from types_ import Holder\n",
    },
    "round a cycle": {
        "a.py": "from b import use\nfrom database import SessionLocal\n\n\ndef make():\n    return SessionLocal()\n",
        "b.py": "import a\n\n\ndef use():\n    return a.make()\n",
        "database.py": DATABASE,
        "module.py": "from b import use\n",
    },
    "an optional import's": {
        "database.py": "try:\n    from asyncpg import create_pool\nexcept ImportError:\n    create_pool = None\n\n\ndef pool():\n    return create_pool('')\n",
        "module.py": "from database import pool\n",
    },
}


@pytest.mark.parametrize("files", CHAINS.values(), ids=CHAINS)
def test_chains(screened: Callable[..., Callable[[str], bool]], files: dict[str, str]) -> None:
    assert screened(files)("module.py")


def test_the_order_of_questions_does_not_matter(screened: Callable[..., Callable[[str], bool]]) -> None:
    files = {name: text for chain in ("round a cycle", "a decorator's") for name, text in CHAINS[chain].items()}
    for order in (sorted(files), sorted(files, reverse=True)):
        is_interesting = screened(files)
        assert {name for name in order if is_interesting(name)} == set(files)


def test_nothing_of_a_library_is_not_interesting(screened: Callable[..., Callable[[str], bool]]) -> None:
    files = {
        "a.py": "import json\nfrom b import load\n\n\ndef save():\n    return json.dumps(load())\n",
        "b.py": "import a\n\n\ndef load():\n    return a.save\n",
        "models.py": "from sqlalchemy import Column, Integer, String\n\n\nclass Order:\n    id = Column(Integer)\n",
        "module.py": "from models import Order\n",
    }
    is_interesting = screened(files)
    assert not is_interesting("a.py")
    assert not is_interesting("module.py")


def test_state_of_an_application_is_interesting(screened: Callable[..., Callable[[str], bool]]) -> None:
    is_interesting = screened(
        {
            "routes.py": "async def read(request):\n    async with request.app.state.sessions() as s:\n        s.commit()\n",
            "other.py": "def read(machine):\n    return machine.state.name\n",
        }
    )
    assert is_interesting("routes.py")
    assert not is_interesting("other.py")


def test_changed_text_is_looked_at_anew(screened: Callable[..., Callable[[str], bool]], tmp_path: Path) -> None:
    is_interesting = screened({"database.py": DATABASE, "module.py": "import json\n"})
    assert not is_interesting("module.py")
    (tmp_path / "module.py").write_text("from database import SessionLocal\n", encoding="utf-8")
    assert is_interesting("module.py")
