"""``poolint dev new-model``: what the signatures of a package tell, as a model that poolint reads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from poolint.cli.main import main
from poolint.dev.drafts import as_toml, drafted
from poolint.models.own import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poolint.models.schema import Class

COURIER = '''\
"""A client library."""

import asyncio
import contextlib
import enum
from functools import cached_property
from typing import Any, AsyncIterator, Awaitable, ContextManager

from parcelpost._base import Base, Closing
from parcelpost.errors import Refused

__all__ = ["Client", "Colour", "Refused", "Ticket", "connect", "deliver", "later", "locked", "stream", "transaction"]


class Colour(enum.Enum):
    RED = 1


class Ticket:
    """It has nothing that could be told."""

    number = 1


class Response(Closing):
    async def __aenter__(self) -> "Response":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def text(self) -> str: ...


class Client(Base):
    async def __aenter__(self):
        return self

    async def __aexit__(self, *_): ...

    async def send(self, parcel: str) -> Response: ...

    def chained(self) -> "Client":
        return self

    @property
    def last(self) -> Response: ...

    @cached_property
    def number(self) -> int: ...

    @staticmethod
    async def ping() -> None: ...

    async def _private(self) -> None: ...


def connect() -> Client: ...


async def deliver(parcel: str) -> Response: ...


def later() -> Awaitable[int]: ...


def locked() -> ContextManager[None]: ...


async def stream() -> AsyncIterator[int]:
    yield 1


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[Any]:
    yield 1
'''

BASE = """\
class Closing:
    async def close(self) -> None: ...


class Base(Closing):
    def flush(self) -> None: ...
"""


@pytest.fixture(autouse=True)
def parcelpost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package, importable, and the working directory beside it."""
    package = tmp_path / "site" / "parcelpost"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(COURIER)
    (package / "_base.py").write_text(BASE)
    (package / "errors.py").write_text("class Refused(Exception): ...\n\n\ndef explain() -> str: ...\n")
    (package / "broken.py").write_text("raise SystemExit('no\\nlicence')\n")
    (package / "empty.py").write_text("")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.chdir(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "parcelpost"]:
        del sys.modules[name]


def classes() -> dict[str, Class]:
    return {row.name.removeprefix("parcelpost."): row for row in drafted("parcelpost", ())[0].classes}


def test_a_class_with_its_protocols_attributes_and_inherited_methods() -> None:
    found = classes()
    assert found.keys() == {"Client"}, "Response is no public name; enumerations, exceptions and Ticket tell nothing"
    client = found["Client"]
    assert (client.kind, client.mode, client.async_enter, client.enter) == ("other", "async", "self", "")
    kinds = {name: (row.call, row.returns, row.role) for row in client.methods for name in row.names}
    assert kinds == {
        "send": ("coroutine", "", "local"),
        "chained": ("sync", "parcelpost.Client", "local"),
        "ping": ("coroutine", "", "local"),
        "flush": ("sync", "", "local"),
        "close": ("coroutine", "", "local"),
    }


def test_functions_by_what_they_are_and_what_they_say_that_they_return() -> None:
    library, left_out = drafted("parcelpost", ())
    assert left_out == []
    kinds = {row.name.removeprefix("parcelpost."): (row.call, row.returns) for row in library.functions}
    assert kinds == {
        "connect": ("sync", "parcelpost.Client"),
        "deliver": ("coroutine", ""),
        "later": ("awaitable", ""),
        "locked": ("cm", ""),
        "stream": ("async-generator", ""),
        "transaction": ("async-cm", ""),
    }


def test_what_is_listed_comes_with_what_it_gives(tmp_path: Path) -> None:
    init = tmp_path / "site" / "parcelpost" / "__init__.py"
    init.write_text(COURIER.replace('"Client", ', '"Client", "Response", '))
    found = classes()
    assert found["Client"].attributes == {"last": "parcelpost.Response"}
    assert {row.returns for row in found["Client"].methods if "send" in row.names} == {"parcelpost.Response"}
    assert found["Response"].async_enter == "self"


def test_names_that_have_rows_are_left_out() -> None:
    library, left_out = drafted("parcelpost", ["parcelpost.Client", "parcelpost.later"])
    assert left_out == ["parcelpost.Client", "parcelpost.later"]
    assert not library.classes
    assert next(row for row in library.functions if row.name == "parcelpost.connect").returns == ""
    assert "rows of these names: parcelpost.Client, parcelpost.later.\n" in as_toml(library, left_out)


def test_the_draft_is_a_model_and_a_role_makes_it_tell_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", "new-model", "parcelpost"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("wrote parcelpost_models.toml\nwhat is left to do:\n1. ")
    path = tmp_path / "parcelpost_models.toml"
    [library] = read([str(path)], ())
    drawn, _ = drafted("parcelpost", ())
    assert msgspec.structs.replace(library, screened=True) == msgspec.structs.replace(drawn, screened=True)

    row = 'name = "parcelpost.deliver"\ncall = "coroutine"\n'
    text = path.read_text()
    assert row in text
    path.write_text(text.replace(row, f'{row}role = "external"\neffect = "http"\n'))
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nmodels = ["parcelpost_models.toml"]\n')
    (tmp_path / "shop.py").write_text(
        "from parcelpost import deliver\nfrom sqlalchemy.ext.asyncio import AsyncEngine\n\n\n"
        "async def ship(engine: AsyncEngine) -> None:\n"
        "    async with engine.begin():\n        await deliver('shoes')\n"
    )
    assert main(["check", "--output-format=concise", "shop.py"]) == 1
    assert "shop.py:7:15: POL401 `parcelpost.deliver` waits for an HTTP request" in capsys.readouterr().out


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.toml").write_text("# mine\n")
    assert main(["dev", "new-model", "parcelpost", "--output", "mine.toml"]) == 2
    assert capsys.readouterr().err == f"poolint: error: {tmp_path}/mine.toml exists already: nothing was written\n"
    assert (tmp_path / "mine.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("package", "error"),
    [
        ("parcelpost.nowhere", "parcelpost.nowhere: cannot be imported by "),
        ("parcelpost.broken", "parcelpost.broken: cannot be imported by "),
        ("parcelpost.empty", "parcelpost.empty: it has no public classes or functions"),
        ("no-name", "'no-name' is no name of a package"),
        ("aiosqlite.cursor", "aiosqlite.cursor: all of its public names have rows in poolint already"),
    ],
)
def test_what_cannot_be_drafted_is_one_line(
    package: str, error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", "new-model", package]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"poolint: error: {error}")
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("*.toml"))
