"""The summaries of real functions: plain keys and values, the same whatever is asked first, and no chain is too long."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support import Project, fixtures

import poolint
from poolint.config import Settings
from poolint.engine import Checker
from poolint.flow.summaries import Summaries
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

FOLLOWED = [
    one
    for one in fixtures()
    if one.code[:4] in ("POL2", "POL3", "POL4", "POL6")
    and any(
        word in one.name
        for word in (
            "itself",
            "each_other",
            "in_the_end",
            "helper",
            "chain",
            "context_variable",
            "repository",
            "before",
            "lent_by",
            "are_given",
            "opened_by",
            "template",
            "more_comes",
            "asked_for",
            "run_by_somebody",
            "in_turn",
            "taken_in",
            "at_a_time",
            "of_a_bot",
        )
    )
]


PROBLEMS = {
    name
    for file in Path(poolint.__file__).parent.rglob("*.py")
    for name in re.findall(r'Summaries(?:\[.*\])?\(\s*f?"([\w{}-]+)"', file.read_text("utf-8"))
}
"""The problems of summaries that there are, as the code names them, families of them as f-strings: a new one that none of
these fixtures asks about fails below."""

TYPES = "type"
"""The one that is not stored: types are found from trees that are at hand, and refer to them."""

UNMODELLED = """
import acme
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

async def pay(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))
    client = acme.Client()
    await client.charges.create()
"""
"""What only coverage asks about."""

OPENED = """
import warehouse_driver

def opened():
    return warehouse_driver.connect("stock")

def count() -> int:
    connection = opened()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM stock")
    return cursor.fetchone()[0]

def rows(connection, query: str):
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchall()

def shelves():
    connection = warehouse_driver.connect("stock")
    return rows(connection, "SELECT shelf FROM stock")
"""
"""What is asked about only where possible findings are."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Summaries[Any, Any]]:
    """All summaries that are made in a test."""
    found: list[Summaries[Any, Any]] = []
    make = Summaries.__init__

    def noted(self: Summaries[Any, Any], *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        found.append(self)

    monkeypatch.setattr(Summaries, "__init__", noted)
    return found


def plain(value: Any) -> Any:
    """A value as it comes back after it has been sent; fails for one that is no name, number or collection of them."""
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, (tuple, frozenset)):
        return [plain(one) for one in (value if isinstance(value, tuple) else sorted(value))]
    assert value is None or type(value) in (str, bytes, int, float, bool), value
    return value


def test_what_is_remembered_of_functions_can_be_stored_and_sent(
    made: list[Summaries[Any, Any]], tmp_path: Path
) -> None:
    for number, fixture in enumerate(FOLLOWED):
        root = tmp_path / str(number)
        root.mkdir()
        Project(fixture.lay_out(root), fixture.files, also=(fixture.code,)).findings()
    (tmp_path / "paying.py").write_text(UNMODELLED, "utf-8")
    paying = Project(tmp_path, ["paying.py"])
    assert paying.checker.seen(Source.read(str(tmp_path / "paying.py"))) is not None
    (tmp_path / "stock.py").write_text(OPENED, "utf-8")
    thorough = Checker(Settings(root=str(tmp_path), certainty="possible"), LazyRules())
    assert list(thorough.check(Source.read(str(tmp_path / "stock.py"))))
    known = [(one.name, plain(item)) for one in made if one.name != TYPES for item in one.finished.items()]
    asked = {name for name, _ in known} | {TYPES}
    assert asked == {one.name for one in made}
    assert not [name for name in PROBLEMS if not any(re.fullmatch(re.sub("{.*?}", ".+", name), one) for one in asked)]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=list[tuple[str, Any]]) == known
    assert not any(one.open for one in made)
    assert not any(one.unsolved for one in made)


LENGTH = 600


@pytest.mark.parametrize("closed", [False, True], ids=["chain", "ring"])
def test_a_leak_behind_hundreds_of_helpers(closed: bool, tmp_path: Path) -> None:
    """Each of them takes several calls of poolint's own, so that none of this fits on a stack."""
    last = f"session.execute(text('SELECT 1')); {'step_0(session, n - 1)' if closed else 'print(n)'}"
    helpers = [
        f"def step_{i}(session: Session, n: int) -> None:\n"
        f"    {last if i == LENGTH - 1 else f'step_{i + 1}(session, n)'}\n"
        for i in range(LENGTH)
    ]
    text = (
        "import requests\n"
        "from sqlalchemy import create_engine, text\n"
        "from sqlalchemy.orm import Session, sessionmaker\n"
        'SessionLocal = sessionmaker(create_engine("postgresql+psycopg://shop@db/shop"))\n'
        "def leaks() -> None:\n"
        "    session = SessionLocal()\n"
        "    step_0(session, 1)\n"
        "def waits() -> None:\n"
        "    with SessionLocal() as session:\n"
        f"        step_{LENGTH // 2}(session, 1)\n"
        "        requests.post('https://shop.example.com')\n"
        "        session.commit()\n" + "".join(helpers)
    )
    (tmp_path / "chain.py").write_text(text, "utf-8")
    found = Project(tmp_path, ["chain.py"]).findings()
    assert [(one.code, one.range.start.row) for one in found] == [("POL201", 6), ("POL402", 11)]
