"""The screen is an optimisation that nobody may notice: findings are the same without it.

``fixtures/screen/*.txt`` hold small projects that each have one finding, in ``module.py``, which the screen can only
see coming through other modules. ``=== name`` begins a project, ``--- file`` a file of it. ``(lost)`` behind the name
says that the screen is known to lose it: strictly, so that one that is mended says so.
"""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import FIXTURES, Fixture, Project, fixtures

from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.screen.given import keeping
from poolint.screen.shapes import shows_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.diagnostics import Diagnostic

STDLIB = Path(sysconfig.get_path("stdlib"))
FOLDERS = ("", "asyncio", "concurrent", "email", "http", "importlib", "json", "sqlite3", "unittest", "urllib")
FILES = 12
"""As many files of each folder of the standard library are looked at."""

PROJECTS = FIXTURES / "screen"
DATABASE = (PROJECTS / "database.py").read_text(encoding="utf-8")
IMPORTS = """\
from contextlib import asynccontextmanager, nullcontext
from typing import AsyncIterator, NewType

from database import AsyncSession, LIMIT, Repository, SessionLocal, new

"""


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


@pytest.mark.minutes
def test_the_standard_library_without_the_screen() -> None:
    # All at once: without the screen each folder would have to read the same modules again.
    folders = [sorted((STDLIB / folder).glob("*.py"))[:FILES] for folder in FOLDERS]
    assert all(folders)
    names = [path.relative_to(STDLIB).as_posix() for folder in folders for path in folder]
    with_screen, without = ([*map(facts, Project(STDLIB, names, screened=yes).findings())] for yes in (True, False))
    assert with_screen == without


def files_of(text: str) -> dict[str, str]:
    """The files of one project. An empty ``database.py`` stands for the usual one, which is there in any case."""
    files = {"database.py": DATABASE}
    for part in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        body = body.strip("\n") + "\n"
        if name == "between.py":
            body = IMPORTS + body
        files[name] = body if body.strip() or not Path(name).name.startswith("database.") else DATABASE
    return files


def read_projects() -> tuple[dict[str, dict[str, str]], set[str]]:
    """The files of every project in the text files, by what it shows, and the names of those that are lost."""
    found, lost = {}, set()
    for path in sorted(PROJECTS.glob("*.txt")):
        for part in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, rest = part.partition("\n")
            name = f"{path.stem}: {title.removesuffix(' (lost)')}"
            found[name] = files_of(rest)
            if title.endswith(" (lost)"):
                lost.add(name)
    return found, lost


BETWEEN_MODULES, LOST = read_projects()


def write(files: Mapping[str, str], root: Path) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


LOSS = pytest.mark.xfail(reason="the screen loses it", strict=True)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[LOSS] * (name in LOST)) for name in BETWEEN_MODULES])
def test_nothing_is_lost_between_modules(name: str, tmp_path: Path) -> None:
    write(BETWEEN_MODULES[name], tmp_path)
    module = module_in(tmp_path)
    assert [facts(one) for one in Project(tmp_path, [module]).findings()] == unscreened(tmp_path, module)


def test_every_project_has_something_to_lose(tmp_path: Path) -> None:
    for number, (name, files) in enumerate(BETWEEN_MODULES.items()):
        root = tmp_path / str(number)
        write(files, root)
        assert len(unscreened(root, module_in(root))) == 1, name


SAVE = """
async def save(name="") -> None:
    async with SessionLocal.begin() as session:
        await session.execute(text("INSERT INTO orders VALUES (:name)"), {"name": name})
"""
METHOD = "class Orders:" + SAVE.replace("\n", "\n    ")

# Ways to define a coroutine that works on a database, and what `orders.py` then gives `module.py`: what it imports, and
# how it calls that.
WORKING = {
    "a function": (f"from database import SessionLocal\n{SAVE}", "save", "{}"),
    "a function of another": (
        f"from database import SessionLocal\n{SAVE}\nasync def place(): await save()\n",
        "place",
        "{}",
    ),
    "a function of another module": ("import store\n\nasync def place():\n    await store.save()\n", "place", "{}"),
    "a method": (f"from database import SessionLocal\n\n\n{METHOD}", "Orders", "{}().save"),
    "an object": (f"from database import SessionLocal\n\n\n{METHOD}\n\norders = Orders()\n", "orders", "{}.save"),
    "a base class": ("from store import Orders\n\nclass Special(Orders):\n    limit = 3\n", "Special", "{}().save"),
}
# Ways to get at it, and what it is called then.
WAYS = {
    "by its name": ("from orders import {0}", "{0}"),
    "under another name": ("from orders import {0} as other", "other"),
    "in brackets": ("from orders import (\n    {0},\n)", "{0}"),
    "of the module": ("import orders", "orders.{0}"),
    "of the module under another name": ("import orders as other", "other.{0}"),
    "by a star": ("from orders import *", "{0}"),
    "of a package": ("from shop import {0}", "{0}"),
}
DROPPING = {
    "as a statement": "async def run():\n    {}()\n",
    "over several rows": "async def run():\n    {}(\n        'a',\n    )\n",
    "assigned": "async def run():\n    done = {}()\n",
    "behind a colon": "async def run(ready):\n    if ready: {}()\n",
    "behind a semicolon": "async def run():\n    ready = True; {}()\n",
    "in plain code": "def run():\n    for one in range(3):\n        {}(one)\n",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("working", WORKING)
def test_no_dropped_coroutine_is_lost(working: str, way: str, tmp_path: Path) -> None:
    orders, name, call = WORKING[working]
    wanted, called = WAYS[way]
    store = f"from database import SessionLocal\n{SAVE}\n\n{METHOD}"
    files = {
        "database.py": DATABASE,
        "store.py": store,
        "orders.py": orders,
        "shop/__init__.py": "from orders import *\n",
    }
    for number, dropping in enumerate(DROPPING.values()):
        text = dropping.format(call.format(called.format(name)))
        files[f"module{number}.py"] = f"{wanted.format(name)}\n\n\n{text}"
    write(files, tmp_path)
    modules = [f"module{number}.py" for number in range(len(DROPPING))]
    without = Project(tmp_path, modules, screened=False).findings()
    assert [Path(one.filename).name for one in without] == modules
    assert [facts(one) for one in Project(tmp_path, modules).findings()] == [facts(one) for one in without]


def module_in(root: Path) -> str:
    """The module in which a project's finding is."""
    return next(path.relative_to(root).as_posix() for path in root.rglob("module.py"))


def unscreened(root: Path, module: str) -> list[tuple[object, ...]]:
    return [facts(one) for one in Project(root, [module], screened=False).findings()]


def screen_of() -> Screen:
    return Screen(Finder(Ready().libraries))


def is_interesting(screen: Screen, path: Path) -> bool:
    return screen.is_interesting(str(path), path.read_bytes())


# What a module says of `database` that is of no interest.
DULL = {
    "names that carry nothing": "from database import LIMIT, limit as how_many\n\nprint(LIMIT, how_many())\n",
    "over several rows": "from database import (  # ours\n    LIMIT,\n    limit,\n)\n",
    "the module, for nothing that carries": "import database\n\nprint(database.LIMIT)\n",
    "a comment": "# from database import SessionLocal\n",
    "another module": "from elsewhere import SessionLocal\n\nSessionLocal().close()\n",
    "nothing": "import json\n",
}


@pytest.mark.parametrize("text", DULL.values(), ids=DULL)
def test_what_carries_nothing_is_not_interesting(text: str, tmp_path: Path) -> None:
    write({"database.py": DATABASE, "module.py": text}, tmp_path)
    assert not is_interesting(screen_of(), tmp_path / "module.py")


def test_tables_and_cycles_alone_are_not_interesting(tmp_path: Path) -> None:
    files = {
        "models.py": "from sqlalchemy import Column, Integer\n\n\nclass Order:\n    id = Column(Integer)\n",
        "module.py": "from models import Order\n\n\ndef show(order: Order) -> str:\n    return str(order.id)\n",
        "a.py": "import json\nfrom b import load\n\n\ndef save():\n    return json.dumps(load())\n",
        "b.py": "import a\n\n\ndef load():\n    return a.save\n",
    }
    write(files, tmp_path)
    screen = screen_of()
    assert not [name for name in files if is_interesting(screen, tmp_path / name)]


def test_the_order_of_questions_does_not_matter(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for name in ("chains: a cycle", "chains: base classes", "chains: stars"):
        files |= BETWEEN_MODULES[name]
    write(files, tmp_path)
    answers = []
    for order in (sorted(files), sorted(files, reverse=True)):
        screen = screen_of()
        answers.append({name: is_interesting(screen, tmp_path / name) for name in order})
    assert answers[0] == answers[1]


def test_changed_text_is_looked_at_anew(tmp_path: Path) -> None:
    write({"database.py": DATABASE, "module.py": "import json\n"}, tmp_path)
    screen = screen_of()
    assert not is_interesting(screen, tmp_path / "module.py")
    write({"module.py": "from database import SessionLocal\n"}, tmp_path)
    assert is_interesting(screen, tmp_path / "module.py")


@pytest.mark.parametrize("word", ["sqlalchemy", "json"])
def test_a_text_that_reads_like_an_import_of_no_name_is_read_to_its_end(word: str, tmp_path: Path) -> None:
    write({"module.py": f'"""\nimport .{word}\n"""\n'}, tmp_path)
    assert not is_interesting(screen_of(), tmp_path / "module.py")


def names_library(_: bytes) -> bool:
    return True


def names_nothing(_: bytes) -> bool:
    return False


def test_what_a_block_binds_and_runs_statements_is_let_through() -> None:
    block = b"with open_it() as %b:\n    %b.execute(query)\n"
    assert shows_use(block % (b"session", b"session"), names_library)
    assert not shows_use(block % (b"session", b"my_session"), names_library)
    assert not shows_use(block % (b"my_session", b"session"), names_library)
    assert shows_use(b"s.exec(a) or f(b) as s, (c) as t:", names_library)
    assert not shows_use(block % (b"session", b"session"), names_nothing)


@pytest.mark.parametrize(
    "text",
    [
        b"with pool.connection(timeout=5) as link:\n    link.execute(query)\n",
        b"async with (lock, self.pool.acquire() as link):\n    await link.execute(query)\n",
        b"with link.transaction():\n    link.execute(query)\n",
        b"async with lock, self.link.transaction() as inner:\n    await self.link.execute(query)\n",
    ],
)
def test_what_shows_a_driver_is_let_through_without_a_library(text: bytes) -> None:
    assert shows_use(text, names_nothing)
    assert not shows_use(text.replace(b"link.execute", b"other.execute"), names_nothing)
    assert not shows_use(text.replace(b".execute(", b".draw("), names_nothing)
    assert not shows_use(text.replace(b"link.execute", b"my_link.execute"), names_nothing)


def test_each_query_of_a_driver_is_let_through_without_a_library() -> None:
    rows = [row for mode in ("Async", "Sync") for row in load().classes[f"poolint.evidence.{mode}Connection"].methods]
    methods = sorted({name for row in rows if row.role == "query" for name in row.names})
    assert methods
    for method in methods:
        assert shows_use(b"with link.transaction():\n    link.%b(query)\n" % method.encode(), names_nothing)


def test_what_shows_an_engine_is_let_through() -> None:
    methods = sorted(load().words("shows-engine"))
    assert methods
    assert all(shows_use(f"engine.{method}()".encode(), names_library) for method in methods)
    assert not shows_use(b"engine.start()", names_library)


_TWO = b"""
class Orders:
    def __init__(self, url: str):
        self.url = url

class Payments:
    def __init__(self, session):
        self.session = session
"""
_BY_KEYWORD = b"""
class Orders:
    def __init__(
        self,
        url: str,
        *,
        model=None,
    ) -> None:
        self.url = url
        self._model = model or 1
"""
KEEPING = {
    "all that it is given": (b"class Orders:\n    def __init__(self, shop):\n        self.shop = shop\n", ["Orders"]),
    "one of several, by keyword only": (_BY_KEYWORD, ["Orders"]),
    "what is declared": (b"class Orders:\n    def __init__(self, n: int = 3):\n        self.n = n\n", []),
    "nothing": (b"class Orders:\n    def __init__(self, shop):\n        print(shop)\n", []),
    "what it makes": (b"class Orders:\n    def __init__(self, shop):\n        self.shop = Shop()\n", []),
    "what another one is given": (_TWO, ["Payments"]),
}


@pytest.mark.parametrize(("text", "classes"), KEEPING.values(), ids=KEEPING)
def test_classes_that_keep_what_nothing_is_said_of(text: bytes, classes: list[str]) -> None:
    assert list(keeping(text)) == classes
