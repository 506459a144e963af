"""Making the models ready: what is wrong is named by file and key, and the committed files are fresh."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from poolint.models import build
from poolint.models.loader import load
from poolint.screen.ready import Ready

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 'library = "x"\nverified = []\nroots = ["x"]\n'
CLASS = '[[classes]]\nname = "x.A"\nkind = "session"\nmode = "async"\n'
METHOD = '[[classes.methods]]\nnames = ["close", "end"]\ncall = "sync"\n'
FUNCTION = '[[functions]]\nname = "x.f"\ncall = "sync"\n'

BROKEN = {
    "not TOML": ("library =", "x.toml: "),
    "unknown key": (HEAD + "colour = 1", "x.toml: top level: Object contains unknown field `colour`"),
    "missing key": ('library = "x"', "x.toml: top level: Object missing required field `verified`"),
    "other name": (HEAD.replace('"x"', '"y"', 1), "x.toml: library: is 'y', but the file is called 'x'"),
    "unknown call": (
        HEAD + CLASS + METHOD.replace("sync", "corutine"),
        "x.toml: classes[x.A].methods[close, end].call: Invalid enum value 'corutine'",
    ),
    "unknown field of a class": (
        HEAD + CLASS + "tint = 1",
        "x.toml: classes[x.A]: Object contains unknown field `tint`",
    ),
    "wrong type": (HEAD + CLASS + "enter = 1", "x.toml: classes[x.A].enter: Expected `str`, got `int`"),
    "unknown type": (
        HEAD + CLASS + METHOD + 'returns = "x.B"',
        "x.toml: x.A: methods[close, end].returns: 'x.B' is neither the name of a class here",
    ),
    "alias as a type": (
        HEAD + CLASS + 'aliases = ["x.a.A"]\nenter = "x.a.A"',
        "x.toml: x.A: enter: 'x.a.A' is neither",
    ),
    "no such parameter": (HEAD + CLASS + 'awaits = "$0"', "x.toml: x.A: awaits: '$0' is neither"),
    "self of a function": (HEAD + FUNCTION + 'returns = "self"', "x.toml: x.f: returns: 'self' is neither"),
    "unknown base": (HEAD + CLASS + 'bases = ["x.B"]', "x.toml: x.A: bases: 'x.B' is not the name of a class here"),
    "base of itself": (HEAD + CLASS + 'bases = ["x.A"]', "x.toml: x.A: bases: the class is its own base"),
    "unknown attribute type": (
        HEAD + CLASS + 'attributes = { a = "x.B" }',
        "x.toml: x.A: attributes.a: 'x.B' is neither",
    ),
    "parameter without default": (HEAD + CLASS + 'parameter_from = "c"', "x.toml: x.A: parameter_from: there are no"),
    "name told twice": (HEAD + CLASS + CLASS, "x.toml: x.A: is given twice, first in x.toml"),
    "method told twice": (HEAD + CLASS + METHOD + METHOD, "x.toml: x.A: methods: 'close' is given twice"),
    "no method names": (
        HEAD + CLASS + METHOD.replace('["close", "end"]', "[]"),
        "x.toml: x.A: methods[].names: there are",
    ),
    "strange root": (HEAD + CLASS.replace("x.A", "y.A"), "x.toml: y.A: does not begin with an import root"),
    "entering what is no manager": (
        HEAD + FUNCTION + 'enters = "x.A"\n' + CLASS,
        "x.toml: x.f: enters: a call of kind",
    ),
    "external without effect": (HEAD + FUNCTION + 'role = "external"', "x.toml: x.f: effect: an external call has one"),
    "releasing an argument": (
        HEAD + CLASS + METHOD + 'releases = "argument"',
        "x.toml: x.A: methods[close, end].releases: only a release has one",
    ),
    "entered as no method": (
        HEAD + CLASS + METHOD + 'role = "checkout"\nentered_as = "borrow"',
        "x.toml: x.A: methods[close, end].entered_as: 'borrow' is not the name of a method of this class",
    ),
    "entered as no manager": (
        HEAD + CLASS + METHOD + 'role = "checkout"\nentered_as = "end"',
        "x.toml: x.A: methods[close, end].entered_as: 'end' gives no context manager",
    ),
    "entered as, of no checkout": (
        HEAD + CLASS + METHOD + 'entered_as = "end"',
        "x.toml: x.A: methods[close, end].entered_as: only a checkout has one",
    ),
    "made with an unknown class": (
        HEAD + CLASS + 'made_with = { quick = "x.B" }',
        "x.toml: x.A: made_with.quick: 'x.B' is not the name of a class here",
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_errors_name_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(build.ModelError) as caught:
        build.read_all(tmp_path)
    assert message in str(caught.value)


def test_undecodable_and_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(build.ModelError, match=r"^x\.toml: "):
        build.read_all(tmp_path)
    with pytest.raises(build.ModelError, match=r"^gone\.toml: "):
        build.read(tmp_path / "gone.toml")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(HEAD + CLASS + 'enter = "x.B"\nawaits = "x.C"', encoding="utf-8")
    with pytest.raises(build.ModelError) as caught:
        build.read_all(tmp_path)
    assert str(caught.value).count("x.toml: x.A: ") == 2


def test_the_committed_files_are_fresh() -> None:
    assert build.stale() == {}, "run `python -m poolint.models.build`"
    assert build.main(["--check"]) == 0


def test_check_fails_on_a_stale_file_and_building_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (*build.FOLDER.glob("*.toml"), *build.FOLDER.glob("ready.*")):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main(["--check"]) == 0

    model = tmp_path / "asyncpg.toml"
    model.write_text(model.read_text(encoding="utf-8").replace('"lost"', '"collected"'), encoding="utf-8")
    before = (tmp_path / "ready.msgpack").read_bytes()
    assert build.main(["--check"]) == 1
    assert "ready.msgpack is stale" in capsys.readouterr().err
    assert (tmp_path / "ready.msgpack").read_bytes() == before

    (tmp_path / "ready.screen").unlink()
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    assert (tmp_path / "ready.screen").read_bytes() == b"\n".join((*screen_lines(), b""))


def test_a_broken_model_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.toml").write_text(HEAD + "colour = 1", encoding="utf-8")
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main([]) == 2
    assert "x.toml: top level: " in capsys.readouterr().err
    assert not (tmp_path / "ready.msgpack").exists()


SCREEN = build.FOLDER / "ready.screen"


def screen_lines(path: Path = SCREEN) -> tuple[bytes, ...]:
    """Import roots; names that carry something of a pool, that carry a session, that block,
    those of HTTP clients; the import roots of all libraries; what shows that a response is left; routers; registries; what runs
    coroutines at once; and modules with all their names."""
    *lines, end = path.read_bytes().split(b"\n")
    assert end == b""
    assert len(lines) == 11
    return tuple(lines)


@pytest.mark.parametrize(
    ("line", "interesting"),
    [
        (b"import sqlalchemy", True),
        (b"import sqlalchemy.orm as orm", True),
        (b"from sqlmodel import Session", True),
        (b"from psycopg_pool import AsyncConnectionPool", True),
        (b"import asyncpg, json", True),
        (b'importlib.import_module("aiosqlite")', True),
        (b"import httpx", False),
        (b"import time", False),
        (b"import sqlalchemy_utils", False),
        (b"my_sqlalchemy = 1", False),
    ],
)
def test_screen(line: bytes, interesting: bool) -> None:
    assert Ready().names_library(line) is interesting


def test_the_screen_knows_the_roots_of_all_screened_libraries() -> None:
    assert {root.encode() for root in load().screened_roots} == set(screen_lines()[0].split())


def test_the_screen_knows_the_names_in_screened_libraries_only() -> None:
    names = set(screen_lines()[1].split())
    assert {b"AsyncSession", b"ScopedSession", b"create_engine", b"connect"} <= names
    assert not {b"AsyncOpenAI", b"sleep", b"SyncDatabase"} & names


def test_the_screen_knows_what_blocks() -> None:
    _, _, sessions, methods, *_ = (set(line.split()) for line in screen_lines())
    assert {b"sqlalchemy.Session", b"sqlalchemy.sessionmaker", b"peewee.ModelSelect", b"psycopg2.connect"} <= sessions
    assert not {b"sqlalchemy.AsyncSession", b"sqlalchemy.Connection", b"asyncpg.connect"} & sessions
    assert {b"execute", b"commit", b"all", b"getconn"} <= methods
    assert b"add" not in methods


def test_subclasses_repeat_what_is_not_inherited() -> None:
    """The loader inherits methods and attributes only, so the other fields must be told again."""
    models = load()
    for cls in models.classes.values():
        for base in cls.bases:
            other = models.classes[base]
            told = (cls.kind, cls.mode, cls.construct, cls.parameters)
            if not cls.name.startswith("poolint."):
                assert told == (other.kind, other.mode, other.construct, other.parameters), cls.name
            assert bool(cls.on_drop) == bool(other.on_drop), cls.name
            protocols = [(cls.enter, other.enter), (cls.async_enter, other.async_enter), (cls.awaits, other.awaits)]
            assert all(mine == theirs or not theirs for mine, theirs in protocols), cls.name


def test_the_screen_knows_what_makes_a_router() -> None:
    assert {b"APIRouter(", b"FastAPI(", b"login_required", b"fresh_login_required"} == set(screen_lines()[7].split())


def test_the_screen_knows_what_makes_a_registry() -> None:
    registries = set(screen_lines()[8].split())
    assert {b"scoped_session", b"async_scoped_session", b"SQLAlchemy"} <= registries
    assert not {b"Session", b"sessionmaker", b"Engine"} & registries


def test_the_screen_knows_what_runs_coroutines_at_once() -> None:
    starting = set(screen_lines()[9].split())
    assert {b"gather", b"create_task"} <= starting
    assert not {b"sleep", b"run", b"wait_for"} & starting


def test_the_screen_knows_what_shows_that_a_response_is_left() -> None:
    lending = set(screen_lines()[6].split())
    assert {b"aiohttp", b"ClientSession", b".get", b"httpx", b"requests", b"Session", b"stream=True"} <= lending
    assert b".head" not in lending
