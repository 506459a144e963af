"""Models of users: what a few lines of TOML change about a run, and what is said where they cannot be used."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from poolint.config import Resolver, load
from poolint.integrations.flake8 import Plugin
from poolint.models.loader import Models, libraries
from poolint.models.own import read
from poolint.runner import Outcome, Runner

CHARGE = """\
[[functions]]
name = "acme.billing.charge"
call = "coroutine"
role = "external"
effect = "http"
"""
POOL = """\
[[functions]]
name = "acme.native.take"
call = "coroutine"
role = "checkout"
returns = "acme.native.Conn"

[[classes]]
name = "acme.native.Conn"
kind = "connection"
mode = "async"
methods = [
    { names = ["close"], call = "coroutine", role = "release" },
    { names = ["run"], call = "coroutine", role = "query" },
]
"""
APP = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
{imports}


async def pay(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))
    await {call}(1)
    await session.commit()
"""
JOB = "from acme.native import take\n\n\nasync def job() -> None:\n    conn = await take()\n    await conn.run()\n"


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pyproject.toml", '[tool.poolint]\nmodels = ["models/pools.toml"]\n')

    def write(self, name: str, text: str) -> Project:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return self

    def models(self, text: str) -> Project:
        return self.write("models/pools.toml", text)

    def run(self) -> Outcome:
        return Runner(Resolver(str(self.root))).run([str(self.root)])

    def found(self) -> list[tuple[str, int, str]]:
        outcome = self.run()
        assert not outcome.refused
        return [(Path(one.filename).name, one.range.start.row, one.code) for one in outcome.diagnostics]

    def refused(self) -> str:
        outcome = self.run()
        assert not outcome.crashed
        (line,) = outcome.refused
        return line


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from acme.billing import charge", "charge"),
        ("from acme import billing", "billing.charge"),
        ("import acme.billing", "acme.billing.charge"),
        ("import acme.billing as money", "money.charge"),
        ("from acme.billing import *", "charge"),
    ],
)
@pytest.mark.parametrize(
    "source", ["", "charge = __import__('_native').charge\n", "async def charge(n):\n    ...\n", None]
)
def test_a_function_in_a_few_lines(project: Project, imports: str, call: str, source: str | None) -> None:
    """Whether it is the project's own, and poolint sees something else or nothing of it, or comes from elsewhere."""
    project.models(CHARGE).write("app.py", APP.format(imports=imports, call=call))
    if source is not None:
        project.write("acme/__init__.py", "").write("acme/billing.py", source)
    is_hidden = source == "" and "*" in imports  # a star brings what the module has
    assert project.found() == ([] if is_hidden else [("app.py", 8, "POL402")])


def test_a_relative_import(project: Project) -> None:
    project.models(CHARGE).write("acme/__init__.py", "").write("acme/billing.py", "from _x import charge\n")
    project.write("acme/app.py", APP.format(imports="from .billing import charge", call="charge"))
    assert project.found() == [("app.py", 8, "POL402")]


def test_a_helper_of_the_project_that_calls_it(project: Project) -> None:
    project.models(CHARGE).write("app.py", APP.format(imports="from shop import buy", call="buy"))
    project.write("shop.py", "from acme.billing import charge\n\n\nasync def buy(n):\n    await charge(n)\n")
    assert project.found() == [("app.py", 8, "POL402")]


@pytest.mark.parametrize("source", ["from _native import *\n", "async def take():\n    return make()\n", None])
def test_a_pool_that_poolint_does_not_know(project: Project, source: str | None) -> None:
    project.models(POOL).write("job.py", JOB)
    if source is not None:
        project.write("acme/__init__.py", "").write("acme/native.py", source)
    assert project.found() == [("job.py", 5, "POL201")]


def test_a_method_is_added_to_a_known_class(project: Project) -> None:
    project.models(
        '[[classes]]\nname = "httpx.AsyncClient"\n'
        'methods = [{ names = ["charge"], call = "coroutine", role = "external", effect = "http" }]\n'
    )
    imports = "import httpx\n\nclient = httpx.AsyncClient()"
    assert project.write("app.py", APP.format(imports=imports, call="client.charge")).found() == [
        ("app.py", 10, "POL402")
    ]
    assert project.write("app.py", APP.format(imports=imports, call="client.get")).found() == [("app.py", 10, "POL402")]


def test_a_known_row_is_overridden(project: Project) -> None:
    project.write("app.py", APP.format(imports="import asyncio", call="asyncio.sleep"))
    assert project.models("").found() == [("app.py", 8, "POL403")]
    project.models('[[functions]]\nname = "asyncio.sleep"\nrole = "local"\neffect = ""\n')
    assert project.found() == []


def test_what_a_row_does_not_say_stays() -> None:
    before = next(one for library in libraries() for one in library.classes if one.name == "httpx.AsyncClient")
    file = Path(__file__).with_name("own.toml")
    (own,) = read([str(file)], libraries())
    models = Models(libraries(), [own])
    after = models.classes["httpx.AsyncClient"]
    assert (after.kind, after.mode, after.async_enter) == (before.kind, before.mode, before.async_enter)
    assert {name for row in before.methods for name in row.names} < {
        name for row in after.methods for name in row.names
    }
    rows = [models.method(after, name) for name in ("charge", "get", "post")]
    assert [row.effect if row is not None else "" for row in rows] == ["rpc", "rpc", "http"]
    assert own.roots == ("httpx",)
    assert not own.screened


CLASS = '[[classes]]\nname = "acme.{}"\nkind = "{}"\nmode = "sync"\nbases = [{}]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHARGE.replace("external", "extern"), "functions[acme.billing.charge].role: Invalid enum value 'extern'"),
        (CHARGE.replace("effect", "efect"), "functions[acme.billing.charge]: Object contains unknown field `efect`"),
        (CHARGE.replace('effect = "http"\n', ""), "acme.billing.charge: effect: an external call has one"),
        (
            CHARGE.replace("acme.billing.charge", "charge"),
            "charge: is no qualified name, such as `acme.billing.charge`",
        ),
        (CHARGE + CHARGE, "acme.billing.charge: is given twice"),
        (
            POOL.replace('returns = "acme.native.Conn"', 'returns = "acme.Conn"'),
            "acme.native.take: returns: 'acme.Conn'",
        ),
        ('[[functions]]\nname = "a.b"\n', "functions[a.b]: Object missing required field `call`"),
        ('functions = "x"\n', "functions: Expected `array`, got `str`"),
        ("[[functions]]\nname = 3\n", "functions[3]."),
        ("functions = [3]\n", "functions[0]: Expected `object`, got `int`"),
        ('[[classes]]\nname = "httpx.Client"\nmethods = 3\n', "classes[httpx.Client].methods: Expected `array`"),
        ("[[functions]\n", "broken TOML: Expected"),
        ('[[classes]]\nname = "httpx.Client"\nkind = []\nmethods = [{ names = [{}] }]\n', "classes[httpx.Client]."),
        ('[[drivers]]\nname = "x"\n', "drivers: only poolint's own models have this"),
        ("pools = 3\n", "top level: Object contains unknown field `pools`; there are "),
        (
            CLASS.format("Pool", "clyent", ""),
            "classes[acme.Pool].kind: Invalid enum value 'clyent'; there are 'client',",
        ),
        (CLASS.format("A", "client", '"acme.A"'), "acme.A: bases: the class is its own base"),
        (
            CLASS.format("A", "client", '"acme.B"') + CLASS.format("B", "client", '"acme.A"'),
            "acme.A: bases: 'acme.B' derives from this class in turn (and 1 more)",
        ),
        (
            CLASS.format("A", "client", '"acme.Z"') + 'aliases = ["acme.Z"]\n',
            "acme.A: bases: 'acme.Z' derives from this class in turn",
        ),
        (
            "".join(CLASS.format(f"A{n}", "client", f'"acme.A{n - 1}"' if n else "") for n in range(150)),
            "acme.A101: bases: there are more than 100 of them above each other (and 48 more)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(project: Project, text: str, message: str) -> None:
    project.models(text).write("app.py", JOB)
    assert f"models/pools.toml: {message}" in project.refused()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# \n" + "x = " + "[" * 9999, "2: 'x' is nested more than 100 deep"),
        ("x = " + "9" * 100_000, "1: 'x' is a number of 100 000 digits"),
        ("# \n# \udcff", "2: broken TOML: not UTF-8"),
    ],
)
def test_what_no_reader_takes_is_told_with_its_row(project: Project, text: str, message: str) -> None:
    project.models("").write("app.py", JOB)
    (project.root / "models" / "pools.toml").write_text(text, encoding="utf-8", errors="surrogateescape")
    assert project.refused() == f"models/pools.toml:{message}"


def test_bases_that_lead_back_over_several_files(project: Project) -> None:
    project.write("pyproject.toml", '[tool.poolint]\nmodels = ["a.toml", "b.toml", "c.toml"]\n').write("app.py", JOB)
    project.write("a.toml", CLASS.format("B", "client", ""))
    project.write("b.toml", CLASS.format("A", "client", '"acme.B"'))
    project.write("c.toml", CLASS.format("B", "client", '"acme.A"'))
    assert project.refused() == "c.toml: acme.B: bases: 'acme.A' derives from this class in turn"


def test_a_file_that_is_not_there(project: Project) -> None:
    project.write("app.py", JOB)
    assert project.refused() == "models/pools.toml: cannot be read: No such file or directory"


def test_paths_are_relative_to_the_settings(project: Project) -> None:
    project.models(CHARGE).write("deep/app.py", JOB)
    settings = load(str(project.root / "deep"))
    assert settings.models == (str(project.root / "models" / "pools.toml"),)
    assert pickle.loads(pickle.dumps(settings)).models == settings.models


@pytest.mark.parametrize(("value", "kind"), [('"pools.toml"', "a string"), ("[3]", "a number")])
def test_the_key_is_a_list_of_paths(project: Project, value: str, kind: str) -> None:
    project.write("pyproject.toml", f"[tool.poolint]\nmodels = {value}\n").write("app.py", JOB)
    assert project.refused().startswith("pyproject.toml: [tool.poolint] 'models' must be a list of strings")
    assert kind in project.refused()


@pytest.mark.parametrize(
    ("value", "files"),
    [("acme.pools", ["acme/pools.toml"]), ("acme.models", ["acme/models/a.toml"]), ("acme", ["acme/x.toml"])],
)
def test_models_of_installed_packages(
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    files: list[str],
) -> None:
    site = installed(tmp_path_factory.mktemp("site"), value, monkeypatch)
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(POOL)
    project.write("pyproject.toml", "").write("job.py", JOB)
    assert project.found() == [("job.py", 5, "POL201")]
    assert "acme" not in sys.modules
    project.write("pyproject.toml", '[tool.poolint]\nmodels = ["own.toml"]\n')
    project.write("own.toml", '[[functions]]\nname = "acme.native.take"\nrole = "local"\nreturns = ""\n')
    assert project.found() == []


def test_a_package_that_lacks_its_models(
    project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path_factory.mktemp("site"), "acme.missing", monkeypatch)
    project.models("").write("job.py", JOB)
    assert project.refused() == "acme-db: models 'acme' (acme.missing): there is no such model file or folder"


def installed(site: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with an entry point, whose package must not be imported."""
    info = site / "acme_db-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-db\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[poolint.models]\nacme = {value}\n")
    (site / "acme").mkdir()
    (site / "acme" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.setattr("sys.path", [str(site), *sys.path])
    return site


def test_flake8_has_them_too(project: Project) -> None:
    project.models(POOL).write("job.py", JOB)
    found = list(Plugin(None, str(project.root / "job.py"), JOB.splitlines(keepends=True)).run())  # type: ignore[arg-type]
    assert [(row, column, text[:6]) for row, column, text, _ in found] == [(5, 17, "POL201")]


def test_flake8_says_what_is_wrong(project: Project) -> None:
    project.models("x = 1\n").write("job.py", JOB)
    ((row, column, text, _),) = Plugin(None, str(project.root / "job.py"), JOB.splitlines(keepends=True)).run()  # type: ignore[arg-type]
    assert (row, column) == (1, 0)
    assert text.startswith("POL900 models/pools.toml: top level: Object contains unknown field `x`")


def test_the_models_of_the_documentation(project: Project) -> None:
    """They do what is said there."""
    text = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    section = text[text.index("## Models of your own") : text.index("## Rules of your own")]
    blocks = [block.partition("```")[0] for block in section.split("```toml\n")[1:]]
    project.models("\n".join(block for block in blocks if block.startswith("[[")))
    project.write("app.py", APP.format(imports="from acme.billing import charge", call="charge"))
    project.write(
        "job.py",
        "from acme.db import Pool\n\n\nasync def job(pool: Pool) -> None:\n"
        '    conn = await pool.take()\n    await conn.query("SELECT 1")\n    await pool.give(conn)\n\n\n'
        'async def lost(pool: Pool) -> None:\n    conn = await pool.take()\n    await conn.query("SELECT 1")\n',
    )
    assert project.found() == [("app.py", 8, "POL402"), ("job.py", 5, "POL202"), ("job.py", 11, "POL201")]
