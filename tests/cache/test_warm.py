"""A warm run says what a cold one says, byte for byte, whatever has happened to the files in between."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from poolint import recording
from poolint.cache.session import Session
from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.poolint]\n',
    "uv.lock": 'version = 1\n\n[[package]]\nname = "fastapi"\nversion = "0.110.0"\n',
    "Procfile": "web: gunicorn shop.main:app --workers 4 --worker-class uvicorn.workers.UvicornWorker\n",
    "shop/__init__.py": "",
    "shop/db.py": (
        "import asyncpg\n\n\nasync def connect(pool: asyncpg.Pool):\n    return await pool.acquire()\n\n\n"
        "def make():\n    return asyncpg.create_pool('postgresql://db/shop')\n"
    ),
    "shop/http.py": (
        "import httpx\n\n\nasync def call(client: httpx.AsyncClient) -> None:\n    await client.post('https://pay/')\n"
    ),
    "shop/between.py": "from shop import http\n\n\nasync def charge(client):\n    await http.call(client)\n",
    "shop/service.py": "from shop.between import charge\n\n\nasync def pay(client):\n    await charge(client)\n",
    "shop/orders.py": (
        "import asyncpg\nimport httpx\n\nfrom shop.service import pay\n\n\n"
        "async def order(pool: asyncpg.Pool, client: httpx.AsyncClient) -> None:\n"
        "    async with pool.acquire() as conn:\n        await conn.fetchval('SELECT 1')\n        await pay(client)\n"
    ),
    "shop/reports.py": (
        "import asyncpg\n\nfrom shop.db import connect\n\n\nasync def report(pool: asyncpg.Pool) -> None:\n"
        "    conn = await connect(pool)\n    await conn.fetchval('SELECT 2')\n    await pool.release(conn)\n"
    ),
    "shop/helpers.py": "def use(thing):\n    thing.execute('SELECT 3')\n    thing.commit()\n",
    "shop/callers.py": (
        "from sqlalchemy.orm import Session\n\nfrom shop.helpers import use\n\n\n"
        "def run(session: Session):\n    use(session)\n"
    ),
    "shop/base.py": "class Store:\n    async def save(self, conn):\n        raise NotImplementedError\n",
    "shop/stores.py": (
        "from shop.base import Store\nfrom shop.http import call\n\n\nclass Remote(Store):\n"
        "    async def save(self, conn):\n        await call(self.client)\n"
    ),
    "shop/main.py": (
        "import asyncpg\nfrom fastapi import FastAPI\n\nfrom shop import callers, orders, reports\n"
        "from shop.base import Store\n\napp = FastAPI()\nroutes = [callers.run, orders.order, reports.report]\n\n\n"
        "async def start():\n    app.state.pool = await asyncpg.create_pool('postgresql://db/shop')\n\n\n"
        "async def keep(store: Store):\n    conn = await app.state.pool.acquire()\n    await store.save(conn)\n"
        "    await app.state.pool.release(conn)  # poolint: ignore[POL101]\n"
    ),
    "shop/text.py": "def upper(word):\n    return word.upper()\n",
    "shop/broken.py": "import asyncpg\n\n\ndef f(:\n    asyncpg.connect()\n",
}


class Said(NamedTuple):
    code: int
    out: str
    err: str


Say = "Callable[..., Said]"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(root)
    monkeypatch.delenv("POOLINT_CACHE_DIR", raising=False)
    return root


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def say(*arguments: str) -> Said:
        code = main(["check", *arguments, "."])
        return Said(code, *capfd.readouterr())

    return say


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were not served from the cache."""
    found: list[str] = []
    add = Session.add

    def put_down(self: Session, settings: object, path: str, result: object) -> None:
        found.append(Path(path).name)
        add(self, settings, path, result)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "add", put_down)
    return found


def same(say: Callable[..., Said]) -> None:
    """Hold all formats of a warm run, and what is said beside them, against a cold one."""
    for form in ("full", "concise", "json"):
        warm, cold = say(f"--output-format={form}"), say(f"--output-format={form}", "--no-cache")
        assert warm == cold._replace(err=cold.err), form


@pytest.mark.usefixtures("project")
def test_nothing_is_analysed_twice(say: Callable[..., Said], analysed: list[str]) -> None:
    first = say()
    assert "POL202" in first.out
    assert "POL402" in first.out
    assert "POL902" in first.out
    assert "Looked into" in first.err
    assert len(set(analysed)) == len([one for one in FILES if one.endswith(".py")])
    analysed.clear()
    assert say() == first
    assert analysed == []
    same(say)
    assert analysed == []


@pytest.mark.usefixtures("project")
def test_what_only_the_summary_needs_is_found_out_when_it_is_asked_for(
    say: Callable[..., Said], analysed: list[str]
) -> None:
    say("--output-format=json")
    analysed.clear()
    assert "Looked into" in say().err
    assert analysed
    analysed.clear()
    say("--output-format=json")
    say()
    assert analysed == []


def test_only_what_rests_on_a_file_is_done_again(project: Path, say: Callable[..., Said], analysed: list[str]) -> None:
    say()
    analysed.clear()
    (project / "shop/text.py").write_text("def lower(word):\n    return word.lower()\n")
    same(say)
    assert set(analysed) == {"text.py", "db.py", "main.py"}, "these make pools, which what is deployed may make too"
    analysed.clear()
    (project / "shop/http.py").write_text("async def call(client):\n    pass\n")
    said = say()
    assert "POL402" not in said.out
    assert {"http.py", "between.py", "service.py", "orders.py", "stores.py"} <= set(analysed)
    assert "text.py" not in analysed
    same(say)


@pytest.mark.parametrize(
    ("name", "added", "others"),
    [
        ("http.py", "async def quiet(client):\n    return None\n", set[str]()),
        ("http.py", "async def charge(client):\n    return None\n", {"between.py", "service.py"}),
        ("text.py", "async def again(pool, client):\n    await order(pool, client)\n", {"orders.py"}),
        ("text.py", "class Local(Store):\n    async def save(self, conn):\n        pass\n", {"main.py"}),
    ],
)
def test_a_change_has_those_done_again_who_can_see_it(
    project: Path, say: Callable[..., Said], analysed: list[str], name: str, added: str, others: set[str]
) -> None:
    """Added is something that nobody could come to, a name that others mention, a call of what one looks for."""
    say("--output-format=json")
    analysed.clear()
    path = project / "shop" / name
    path.write_text(f"{path.read_text()}\n\n{added}")
    say("--output-format=json")
    always = {name, "db.py", "main.py"}  # the latter make pools, which what is deployed may make too
    assert set(analysed) <= always if not others else others <= set(analysed)
    same(say)


def test_what_only_the_screen_has_read_matters_where_the_screen_says_something_else(
    project: Path, say: Callable[..., Said], analysed: list[str]
) -> None:
    """A name that is imported and not called leads the screen on, and nobody else."""
    (project / "shop/middle.py").write_text("from shop.text import upper\n")
    (project / "shop/wide.py").write_text(
        "import asyncpg\n\nfrom shop.middle import upper\n\n\nasync def f(pool: asyncpg.Pool):\n"
        "    async with pool.acquire() as conn:\n        await conn.fetchval(upper)\n    later()\n"
    )
    (project / "shop/plain.py").write_text("from shop.middle import upper\n\n\ndef f():\n    upper.begin()\n")
    text = project / "shop/text.py"
    say()
    for added, redone in (
        ("    # more\n", set()),
        ("\n\nasync def sooner():\n    pass\n", set()),
        ("\n\ndef later():\n    pass\n", {"wide.py"}),
        ("\n\nasync def later():\n    pass\n", {"wide.py"}),
        ("\n\nimport asyncpg\n\nupper = asyncpg.create_pool\n", {"plain.py", "middle.py", "wide.py"}),
    ):
        analysed.clear()
        text.write_text(text.read_text() + added)
        same(say)
        assert set(analysed) & {"wide.py", "plain.py", "middle.py"} == redone, added


def test_a_method_that_becomes_a_property_is_seen(project: Path, say: Callable[..., Said]) -> None:
    """It had its name before, and whoever reads it need not have known what it is of."""
    method = "    def today(self):\n        return httpx.get('https://rates/').json()\n"
    head = "import httpx\n\n\nclass Rates:\n"
    (project / "shop/rates.py").write_text(head + method)
    (project / "shop/text.py").write_text("from shop.rates import Rates\n\n\ndef made():\n    return Rates()\n")
    (project / "shop/wide.py").write_text(
        "import asyncpg\n\nfrom shop.text import made\n\n\nasync def f(pool: asyncpg.Pool):\n"
        "    rates = made()\n    async with pool.acquire() as conn:\n"
        "        await conn.fetchval('SELECT 1')\n        return rates.today\n"
    )
    main = project / "shop/main.py"  # what nobody runs is only possible
    main.write_text(FILES["shop/main.py"] + "\n\nfrom shop.wide import f\n\nroutes.append(f)\n")
    assert "wide.py" not in say().out
    (project / "shop/rates.py").write_text(f"{head}    @property\n{method}")
    said = say()
    assert "wide.py" in said.out
    same(say)


def test_a_new_caller_far_away_is_seen(project: Path, say: Callable[..., Said]) -> None:
    (project / "shop/callers.py").write_text("from shop.helpers import use\n")
    say()
    (project / "shop/text.py").write_text(FILES["shop/callers.py"])
    same(say)


def test_a_class_that_fills_an_interface_is_seen_when_it_comes_and_when_it_goes(
    project: Path, say: Callable[..., Said], analysed: list[str]
) -> None:
    """Who works with an interface imports nothing that leads to the class, and the screen lets its file go until then."""
    (project / "shop/ports.py").write_text(
        "from abc import ABC, abstractmethod\n\n\nclass Clients(ABC):\n    @abstractmethod\n"
        "    async def names(self): ...\n\n\nclass Bank(ABC):\n    @abstractmethod\n    async def pay(self): ...\n"
    )
    (project / "shop/case.py").write_text(
        "from shop.ports import Bank, Clients\n\n\nasync def run(clients: Clients, bank: Bank):\n"
        "    await clients.names()\n    await bank.pay()\n"
    )
    fills = (
        "import httpx\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\nfrom shop import ports\n\n\n"
        "class Sql(ports.Clients):\n    def __init__(self, session: AsyncSession):\n        self.session = session\n\n"
        "    async def names(self):\n        return await self.session.scalars('SELECT name')\n\n\n"
        "class Http(ports.Bank):\n    async def pay(self):\n        async with httpx.AsyncClient() as client:\n"
        "            await client.post('https://pay/')\n"
    )
    text = project / "shop/text.py"
    main = project / "shop/main.py"  # what nobody runs is only possible
    made = "from shop import text\n\nbanks = [text.Http, text.Sql]\n"  # what nobody makes does nothing
    main.write_text(FILES["shop/main.py"] + f"\n\nfrom shop.case import run\n\nroutes.append(run)\n{made}")
    assert "case.py" not in say().out
    for now, is_found in ((fills, True), (FILES["shop/text.py"], False), (fills.replace("//pay", "//pays"), True)):
        analysed.clear()
        text.write_text(now)
        same(say)
        assert "case.py" in analysed
        assert ("case.py" in say().out) == is_found


def test_who_runs_something_is_seen_when_it_comes_and_when_it_goes(project: Path, say: Callable[..., Said]) -> None:
    """What nobody runs is only possible: who names it may stand anywhere, also where nothing else leads."""
    (project / "shop/lost.py").write_text(
        "import asyncpg\n\n\nasync def lose(pool: asyncpg.Pool):\n    conn = await pool.acquire()\n"
        "    await conn.fetchval('SELECT 1')\n    await pool.release(conn)\n"
    )
    text, between, main_text = (project / f"shop/{one}.py" for one in ("text", "between", "main"))
    assert "lost.py" not in say().out
    charge = FILES["shop/between.py"] + "    await lose(client)\n"
    changes = (
        (text, FILES["shop/text.py"] + "\n\nimport shop.lost\n", False),  # which nothing imports itself
        (main_text, FILES["shop/main.py"] + "\nimport shop.text\n", False),  # it does now, and still names no `lose`
        (between, "from shop.lost import lose\n" + charge, True),
        (text, FILES["shop/text.py"], True),
        (project / "shop/service.py", "async def pay(client):\n    pass\n", False),  # who named it is called no more
        (project / "shop/service.py", FILES["shop/service.py"], True),
        (between, FILES["shop/between.py"], False),
        (project / "jobs.sh", "python -c 'from shop.lost import lose'\n", True),
        (project / "jobs.sh", "python -c 'from shop import main'\n", False),
        (project / "shop/new.py", "import shop.lost\n\nshop.lost.lose(1)\n", True),
        (project / "shop/new.py", "x = 1\n", False),
        (project / "tests/test_lost.py", "from shop.lost import lose\n\n\ndef test():\n    lose(1)\n", False),
        (project / "Procfile", "web: node server.js\n", False),  # people start what makes the application
        (project / "README.md", "Run `python -m shop.lost`\n", True),
        (project / "README.md", "Run `python -m shop.main`\n", False),
        (main_text, FILES["shop/main.py"].replace("FastAPI", "object"), True),
        (main_text, FILES["shop/main.py"], False),
    )
    for path, now, is_found in changes:
        path.parent.mkdir(exist_ok=True)
        path.write_text(now)
        same(say)
        assert ("lost.py" in say().out) == is_found, (path, now)


def test_what_makes_a_folder_a_project_is_looked_for_among_its_marks() -> None:
    from poolint.roots import finder

    assert recording.REPOSITORY | finder._PROJECT_MARKS | {"__init__.py"} <= recording.MARKS


def test_files_beside_the_code_do_no_harm(project: Path, say: Callable[..., Said], analysed: list[str]) -> None:
    say()
    analysed.clear()
    (project / "notes.md").write_text("nothing")
    (project / "shop/__pycache__").mkdir()
    (project / ".coverage").write_text("")
    same(say)
    assert analysed == []


def _new(rng: random.Random) -> tuple[str, str]:
    name = rng.choice(["fresh", "http", "httpx", "extra", "text", "service"])
    text = rng.choice([*FILES.values(), "import shop.fresh\nfrom shop import extra\n"])
    return f"shop/{name}.py", text if "def f(:" not in text else ""


def _edit(project: Path, rng: random.Random) -> str:
    """Do something to the project; what it was."""
    sources = sorted(project.glob("shop/*.py"))
    kind = rng.choice(
        ["line", "line", "swap", "add", "remove", "rename", "settings", "lock", "deploy", "models", "touch"]
    )
    path = rng.choice(sources)
    if kind == "line":
        rows = path.read_text().splitlines(keepends=True)
        added = (
            "\n",
            "# comment\n",
            "x = 1\n",
            "async def more(pool):\n    await pool.acquire()\n",
            "import shop.db\n",
            "import shop.reports\n\nshop.reports.report(None)\n",
        )
        rows.insert(rng.choice([0, len(rows)]), rng.choice(added))
        path.write_text("".join(rows))
    elif kind == "swap":
        path.write_text(FILES[f"shop/{rng.choice(['http', 'between', 'service', 'helpers', 'text', 'base'])}.py"])
    elif kind == "add":
        name, text = _new(rng)
        (project / name).write_text(text)
    elif kind == "remove":
        path.unlink()
    elif kind == "rename":
        path.rename(path.with_name(f"moved_{rng.randrange(3)}.py"))
    elif kind == "settings":
        options = (
            "",
            'certainty = "possible"\n',
            'extend-select = ["ALL"]\n',
            'ignore = ["POL402"]\n',
            "strict-noqa = true\n",
        )
        (project / "pyproject.toml").write_text(FILES["pyproject.toml"] + rng.choice(options))
    elif kind == "lock":
        (project / "uv.lock").write_text(
            f'version = 1\n\n[[package]]\nname = "fastapi"\nversion = "0.{rng.randrange(100, 120)}.0"\n'
        )
    elif kind == "deploy":
        (project / "Procfile").write_text(f"web: gunicorn shop.main:app --workers {rng.randrange(1, 90)}\n")
    elif kind == "models":
        (project / "own.toml").write_text(
            f'[[functions]]\nname = "shop.http.call"\neffect = "{rng.choice(["http", "sleep"])}"\nasync = true\n'
        )
        (project / "pyproject.toml").write_text(FILES["pyproject.toml"] + 'models = ["own.toml"]\n')
    else:
        path.touch()
    return f"{kind} {path.name}"


@pytest.mark.parametrize("seed", range(6))
def test_after_random_edits_a_warm_run_equals_a_cold_one(project: Path, say: Callable[..., Said], seed: int) -> None:
    rng = random.Random(seed)
    done = []
    for _ in range(12):
        say("--output-format=concise")
        done += [_edit(project, rng) for _ in range(rng.choice([1, 1, 2]))]
        warm, cold = say(), say("--no-cache")
        assert warm == cold, done


OPENED: list[tuple[str, str]] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if OPENED is not None and event in ("open", "os.listdir", "os.scandir"):
        OPENED.append((event, str(arguments[0])))


def test_all_that_is_opened_is_put_down(
    project: Path, say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Python itself says has been opened and listed below the project, against what was recorded."""
    global OPENED
    recorders: list[recording.Recorder] = []
    start, finish = Session.__init__, Session.finish

    def begun(self: Session, *arguments: object) -> None:
        global OPENED
        start(self, *arguments)  # type: ignore[arg-type]
        OPENED = []
        recorders.append(self._recorder)

    def ended(self: Session, is_kept: bool) -> None:
        global OPENED
        opened.extend(OPENED or ())
        OPENED = None
        finish(self, is_kept)

    opened: list[tuple[str, str]] = []
    sys.addaudithook(_audit)
    monkeypatch.setattr(Session, "__init__", begun)
    monkeypatch.setattr(Session, "finish", ended)
    (project / "pyproject.toml").write_text(FILES["pyproject.toml"] + "\n[tool.poolint.budget]\nmax-connections = 5\n")
    say("--no-cache")
    say("--extend-select=ALL", "--certainty=possible")
    [recorder] = recorders
    world = {key.rpartition(recording.QUESTION)[2] for key in recorder.world} | recorder.sought.keys()
    mine = [(event, path) for event, path in opened if path.startswith(str(project))]
    assert any(path.endswith("Procfile") for _, path in mine)
    assert any(path.endswith("orders.py") for _, path in mine)
    assert [one for one in mine if one[1] not in world and one[1] not in recorder.sources] == []


def _reached(recorder: recording.Recorder, start: str) -> set[str]:
    found = [start]
    for one in found:  # grows
        found += sorted(recorder.edges.get(one, set()) - set(found))
    return set(found)


def test_what_a_file_rests_on_does_not_depend_on_who_asked_first(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put down for a file that is checked alone is put down for it as well where others were checked before."""
    recorders: list[recording.Recorder] = []
    finish = Session.finish

    def ended(self: Session, is_kept: bool) -> None:
        recorders.append(self._recorder)
        finish(self, is_kept=is_kept and False)

    monkeypatch.setattr(Session, "finish", ended)
    main(["check", "--certainty=possible", "."])
    for path in sorted(project.glob("shop/*.py")):
        main(["check", "--certainty=possible", str(path)])
        assert _reached(recorders[-1], str(path)) <= _reached(recorders[0], str(path)), path
        assert recorders[-1].world.keys() <= recorders[0].world.keys()
        for folder, names in recorders[-1].sought.items():
            assert names.items() <= recorders[0].sought[folder].items()


def test_a_fully_warm_run_loads_no_engine(project: Path) -> None:
    (project / "shop/broken.py").unlink()
    code = (
        "import sys\nfrom poolint.cli.main import main\nmain(['check', '.'])\n"
        "print(*sorted(sys.modules), sep='\\n', file=open('loaded.out', 'w'))\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    loaded = set((project / "loaded.out").read_text().split())
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stderr == runs[1].stderr
    heavy = {
        "libcst",
        "poolint.engine",
        "poolint.models.loader",
        "poolint.screen",
        "poolint.types.values",
        "poolint.syntax",
    }
    assert loaded & heavy == set()
    assert "poolint.cache.session" in loaded
