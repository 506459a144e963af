"""``poolint coverage``: what cannot be seen, why, and the rows of models that tell of it."""

from __future__ import annotations

import io
import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cover = Callable[..., str]

DB = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

maker = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/shop"))
"""


@pytest.fixture
def cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cover:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def ask(files: dict[str, str], *options: str, code: int = 0) -> str:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(text))
        capsys.readouterr()
        assert main(["coverage", *options]) == code
        told = capsys.readouterr()
        assert bool(told.err) == bool(code)
        return told.out

    return ask


def as_json(cover: Cover, files: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cover(files, "--output-format", "json"))
    return found


def adds_up(found: dict[str, Any]) -> None:
    functions, unknown, awaited = found["functions"], found["unknown"], found["awaited"]
    assert functions["total"] == functions["known"] + functions["known_by_use"] + functions["unknown"]
    assert unknown["total"] == sum(one["total"] for one in unknown["causes"])
    assert all(one["total"] == len(one["values"]) for one in unknown["causes"])
    assert functions["unknown"] == len(
        {(one["filename"], one["function"]) for cause in unknown["causes"] for one in cause["values"]}
    )
    assert awaited["total"] == sum(one["total"] for one in awaited["packages"])
    for package in awaited["packages"]:
        assert package["total"] == sum(call["total"] for call in package["calls"])
        assert all(call["total"] == len(call["places"]) for call in package["calls"])


OPENS = "from sqlalchemy.orm import Session as Opened\n"
"""What makes a file one that is looked into."""

REASONS = {
    "parameter": (
        """\
        import sqlalchemy

        def save(db):
            db.execute(sqlalchemy.text("SELECT 1"))
        """,
        "db",
        "save.db",
        3,
    ),
    "annotation": (
        """\
        import sqlalchemy
        from shop.sessions import Sess

        def save(s: Sess):
            s.execute(sqlalchemy.text("SELECT 1"))
        """,
        "s",
        "Sess",
        4,
    ),
    "import": (
        """\
        import sqlalchemy
        from .sessions import make

        def save():
            s = make()
            s.execute(sqlalchemy.text("SELECT 1"))
        """,
        "s",
        ".sessions",
        2,
    ),
    "library": (
        """\
        import sqlalchemy
        from alembic import op

        def upgrade():
            op.get_bind().execute(sqlalchemy.text("SELECT 1"))
        """,
        "op.get_bind()",
        "alembic.op.get_bind",
        5,
    ),
    "function": (
        """\
        import sqlalchemy

        def current(registry):
            return registry["session"]

        def save(registry):
            current(registry).execute(sqlalchemy.text("SELECT 1"))
        """,
        "current(registry)",
        "current",
        3,
    ),
    "attribute": (
        """\
        import sqlalchemy

        class Orders:
            def save(self):
                self.session.execute(sqlalchemy.text("SELECT 1"))
        """,
        "self.session",
        "self.session",
        5,
    ),
    "expression": (
        """\
        import sqlalchemy

        def save(**given):
            given["session"].execute(sqlalchemy.text("SELECT 1"))
        """,
        'given["session"]',
        'given["session"]',
        4,
    ),
    "union": (
        """\
        import sqlalchemy
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlmodel import Session

        async def save(s: Session | AsyncSession):
            s.commit()
        """,
        "s",
        "s",
        6,
    ),
}


@pytest.mark.parametrize("cause", REASONS)
def test_each_unknown_value_has_a_cause_that_lies_in_a_place(cover: Cover, cause: str) -> None:
    text, value, subject, row = REASONS[cause]
    found = as_json(cover, {"app.py": OPENS + textwrap.dedent(text)})
    adds_up(found)
    [told] = found["unknown"]["causes"]
    [one] = told["values"]
    assert (told["cause"], one["value"], one["origin"]["subject"]) == (cause, value, subject)
    assert one["origin"]["location"] == {"row": row + OPENS.count("\n")}
    assert one["why"]


def test_the_whole_answer(cover: Cover, tmp_path: Path) -> None:
    files = {
        "db.py": DB,
        "orders.py": """\
            import acme
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncSession

            async def load(session: AsyncSession):
                return await session.execute(text("SELECT 1"))

            async def pay(session: AsyncSession):
                await load(session)
                await acme.charge(1)

            async def keep(box):
                await box.execute(text("SELECT 1"))

            async def use(session):
                await session.execute(text("SELECT 1"))

            def add(one, other):
                return one + other
        """,
    }
    path = str(tmp_path / "orders.py")
    found = as_json(cover, files)
    adds_up(found)
    assert found == {
        "functions": {"total": 4, "known": 2, "known_by_use": 1, "unknown": 1},
        "unknown": {
            "total": 1,
            "causes": [
                {
                    "cause": "parameter",
                    "total": 1,
                    "values": [
                        {
                            "function": "keep",
                            "value": "box",
                            "why": "the parameter (line 12) has no annotation, and its name does not say database",
                            "filename": path,
                            "location": {"row": 13},
                            "origin": {"subject": "keep.box", "filename": path, "location": {"row": 12}},
                        }
                    ],
                }
            ],
        },
        "awaited": {
            "total": 1,
            "packages": [
                {
                    "package": "acme",
                    "total": 1,
                    "calls": [
                        {
                            "name": "acme.charge",
                            "total": 1,
                            "places": [{"function": "pay", "filename": path, "location": {"row": 10}}],
                        }
                    ],
                    "models": (
                        '[[functions]]\nname = "acme.charge"\ncall = "coroutine"\nrole = "external"\neffect = "http"'
                    ),
                }
            ],
        },
    }
    assert as_json(cover, dict(reversed(files.items()))) == found
    assert json.loads(cover({}, "--output-format", "json", "orders.py", "db.py")) == found


HELD = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
import acme
from acme import Client

{before}
async def pay(session: AsyncSession{parameters}):
    await session.execute(text("SELECT 1"))
    {call}
"""
CALLS = {
    "function": ("", "", "await acme.charge(1)", "acme.charge"),
    "parameter": ("", ", client: Client", "await client.send(1)", "acme.Client.send"),
    "quoted": ("", ", client: 'acme.Client | None'", "await client.send(1)", "acme.Client.send"),
    "attribute": ("", ", client: Client", "await client.charges.create(1)", "acme.Client.charges.create"),
    "global": ("client = Client()\n", "", "await client.send(1)", "acme.Client.send"),
    "entered": ("", "", "async with Client() as client: await client.send(1)", "acme.Client.send"),
    "awaited first": ("", "", "client = await acme.connect(); await client.send(1)", "acme.connect.send"),
    "what a method gives": ("", ", client: Client", "await client.table('x').insert(1)", "acme.Client.table.insert"),
    "block": ("", "", "async with acme.open(1): pass", "acme.open"),
    "loop": ("", "", "async for each in acme.pages(1): pass", "acme.pages"),
    "of a helper": (
        "async def charge(client: Client):\n    await client.send(1)\n",
        "",
        "await charge(1)",
        "acme.Client.send",
    ),
}


@pytest.mark.parametrize("kind", CALLS)
def test_what_it_says_to_paste_makes_the_call_known(cover: Cover, tmp_path: Path, kind: str) -> None:
    before, parameters, call, name = CALLS[kind]
    text = HELD.format(before=before, parameters=parameters, call=call)
    found = as_json(cover, {"app.py": text})
    adds_up(found)
    calls = [one for package in found["awaited"]["packages"] for one in package["calls"]]
    assert name in [one["name"] for one in calls]
    assert main(["check", "--isolated", "-q", "app.py"]) == 0

    rows = cover({}, "--output-format", "models")
    (tmp_path / "pool_models.toml").write_text(rows)
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nmodels = ["pool_models.toml"]\n')
    assert as_json(cover, {})["awaited"] == {"total": 0, "packages": []}
    assert main(["check", "-q", "app.py"]) == 1


def test_the_table_fits_a_screen(cover: Cover) -> None:
    text = "import sqlalchemy, acme\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\n" + "".join(
        f"async def save_{number}(session: AsyncSession, box):\n    await session.execute(sqlalchemy.text('SELECT 1'))\n"
        f"    await acme.call_{number}()\n    box.execute(sqlalchemy.text('SELECT 1'))\n\n"
        for number in range(30)
    )
    lines = cover({"app.py": text}).splitlines()
    assert lines[:4] == [
        "   30  functions that reach a database",
        "    0  by values whose types are known",
        "    0  by a value known by its use alone",
        "   30  by a value whose type is unknown: what they do with it is not checked",
    ]
    assert "   30  a parameter without annotation" in lines
    assert "         app.py:4  `save_0.box`" in lines
    assert "   30  acme: `acme.call_0`, `acme.call_1`, `acme.call_10` and 27 more" in lines
    assert len(lines) < 40


def test_what_is_no_session_is_not_taken_for_one(cover: Cover) -> None:
    found = as_json(
        cover,
        {
            "app.py": """\
                from googleapiclient.discovery import build
                from sqlalchemy import select, text
                from sqlalchemy.orm import Session

                def ask(session: Session, token, job, cache, zones):
                    cache.get("x")
                    cache.delete("x")
                    token.refresh()
                    job.execute()
                    zones.list(project="x").execute(3)
                    session.execute(select(text("x")).execution_options(populate_existing=True))
                    rows = session.execute(text("SELECT 1"))
                    return rows.scalars().all()
            """
        },
    )
    assert found["functions"] == {"total": 1, "known": 1, "known_by_use": 0, "unknown": 0}


def test_nothing_to_see(cover: Cover) -> None:
    assert cover({"app.py": "print(1)\n"}) == "Nothing that poolint sees reaches a database.\n"
    assert cover({}, "--output-format", "models") == ""


def test_bad_input_is_named_and_the_rest_counts(cover: Cover, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"broken.py": OPENS + "def (:\n", "app.py": OPENS + textwrap.dedent(REASONS["parameter"][0])}
    assert cover(files, code=2).startswith("    1  function that reach")
    assert main(["coverage", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


BLIND = HELD.format(before="", parameters=", box", call='await acme.charge(1); await box.execute(text("SELECT 1"))')


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    assert main(["check", "--isolated", *options]) == 0
    return capsys.readouterr().err


def test_a_check_ends_with_what_it_could_not_see(cover: Cover, capsys: pytest.CaptureFixture[str]) -> None:
    cover({"src/app.py": BLIND, "src/db.py": DB})
    line = (
        "Looked into 1 function that reaches a database; in 1 the session's type is unknown, 1 awaited call while a "
        "connection is held has no model (acme 1): poolint coverage src\n"
    )
    assert checked(capsys, "src") == line
    assert checked(capsys, "--output-format", "concise", "src") == line
    assert checked(capsys, "--fix", "src") == line
    assert checked(capsys, "--diff", "src") == f"No errors would be fixed.\n{line}"


@pytest.mark.parametrize("options", [("-q",), ("--output-format", "json"), ("--force-exclude",), ("-q", "--diff")])
def test_it_says_so_to_people_only(cover: Cover, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    cover({"app.py": BLIND})
    assert "Looked into" not in checked(capsys, *options, ".")


def test_nothing_is_said_of_standard_input(
    cover: Cover, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cover({})
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BLIND.encode())))
    assert checked(capsys, "--stdin-filename", "app.py", "-") == ""


def test_a_check_that_sees_all_says_so(cover: Cover, capsys: pytest.CaptureFixture[str]) -> None:
    cover({"app.py": HELD.format(before="", parameters="", call="pass"), "other.py": "print(1)\n"})
    told = "Looked into 1 function that reaches a database; the type of each session is known.\n"
    assert checked(capsys, ".") == told
    assert checked(capsys, "other.py") == ""


def test_the_line_and_the_command_have_the_same_sums(cover: Cover, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "one.py": BLIND,
        "two.py": "from one import pay as paid\n\n\nasync def call(session, box):\n    await paid(session, box)\n" + DB,
        "three.py": "import two\nfrom sqlalchemy.orm import Session\n\n\nasync def more(s, b):\n    await two.call(s, b)\n",
    }
    assert as_json(cover, files)["functions"]["total"] == 3
    assert checked(capsys, ".").startswith("Looked into 3 functions that reach a database; in 1 the session's type")
    assert checked(capsys, "three.py", "two.py", "one.py").startswith("Looked into 3 functions that reach")
