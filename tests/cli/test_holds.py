"""``poolint holds``: stretches over which a connection is held, as a table and as JSON, longest first."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Holds = Callable[..., str]

SHOP = """\
import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def charge(client: httpx.AsyncClient) -> None:
    await client.post("https://pay.example/charges")


async def pay(session: AsyncSession, client: httpx.AsyncClient) -> None:
    await session.execute(text("SELECT 1"))
    await charge(client)
    await session.execute(text("UPDATE orders SET paid = true"))
    await session.commit()
    await charge(client)


async def count(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("SELECT count(*) FROM orders"))


def add(one: int, other: int) -> int:
    return one + other
"""


@pytest.fixture
def holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Holds:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def ask(text: str, *options: str, code: int = 0) -> str:
        (tmp_path / "shop.py").write_text(textwrap.dedent(text))
        capsys.readouterr()
        assert main(["holds", ".", *options]) == code
        return capsys.readouterr().out

    return ask


def as_json(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_the_longest_comes_first_with_what_it_waits_for(holds: Holds) -> None:
    pay, count = as_json(holds(SHOP, "--output-format", "json"))
    assert pay["function"] == "pay"
    assert (pay["location"]["row"], pay["end_location"]["row"]) == (11, 14)
    assert (pay["resource"], pay["in_transaction"], pay["queries"], pay["awaits"]) == ("session", False, 2, 4)
    assert pay["waits"] == [{"row": 12, "chain": ["charge", "AsyncClient.post"], "effect": "http"}]
    assert (count["function"], count["in_transaction"], count["queries"]) == ("count", True, 1)
    assert count["waits"] == []


def test_the_table(holds: Holds) -> None:
    head, first, chain, second = holds(SHOP).splitlines()
    assert head.split() == ["waits", "awaits", "queries", "lines", "where", "held", "by"]
    assert first.split()[:6] == ["1", "4", "2", "4", "shop.py:11-14", "pay"]
    assert chain.strip() == "line 12: charge → AsyncClient.post (http)"
    assert "transaction `engine.begin() (line 19)`" in second


def test_a_limit_says_how_many_more_there_are(holds: Holds) -> None:
    assert holds(SHOP, "--limit", "1").splitlines()[-1] == "… and 1 more; `--limit 0` shows all."
    assert len(as_json(holds(SHOP, "--limit", "1", "--output-format", "json"))) == 1


def test_nothing_is_held(holds: Holds) -> None:
    assert holds("x = 1\n") == "Nothing that poolint sees holds a connection over anything else.\n"


def test_a_file_that_cannot_be_parsed_is_named_and_the_others_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("from sqlalchemy.orm import Session\ndef f(s: Session:\n")
    (tmp_path / "shop.py").write_text(SHOP)
    assert main(["holds", ".", "--output-format", "json"]) == 2
    out, err = capsys.readouterr()
    assert [one["function"] for one in as_json(out)] == ["pay", "count"]
    assert "broken.py:2: " in err
