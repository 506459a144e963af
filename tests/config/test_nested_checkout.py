"""``[tool.poolint.nested-checkout]``: second connections that are there on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

LOCKS = """\
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://localhost/shop")


@asynccontextmanager
async def advisory_lock(number: int) -> AsyncIterator[None]:
    async with engine.connect() as conn:
        {autocommit}
        await conn.execute(text("SELECT pg_advisory_lock(:number)"), {{"number": number}})
        yield
"""
ORDERS = """\
from sqlalchemy import text

from locks import advisory_lock, engine


async def ship(number: int) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("SELECT 1"))
        async with advisory_lock(number):
            await conn.execute(text("UPDATE orders SET shipped = true"))


async def audit() -> None:
    async with engine.begin() as conn:
        await conn.execute(text("SELECT 1"))
        async with engine.connect() as other:
            await other.execute(text("INSERT INTO audit DEFAULT VALUES"))
"""
SETTING = 'await conn.execution_options(isolation_level="AUTOCOMMIT")'


@pytest.mark.parametrize(
    ("table", "autocommit", "expected"),
    [
        ({}, "pass", [9, 16]),
        ({"allow": ["locks.advisory_lock"]}, "pass", [16]),
        ({"allow": ["locks.*"]}, "pass", [16]),
        ({"allow": ["orders.audit"]}, "pass", [9]),
        ({"allow": ["advisory_lock"]}, "pass", [9, 16]),
        ({"autocommit": True}, SETTING, [9, 16]),
        ({"autocommit": False}, SETTING, [16]),
        ({"autocommit": False}, "pass", [9, 16]),
    ],
)
def test_what_is_allowed(table: dict[str, Any], autocommit: str, expected: list[int], tmp_path: Path) -> None:
    (tmp_path / "locks.py").write_text(LOCKS.format(autocommit=autocommit), encoding="utf-8")
    (tmp_path / "orders.py").write_text(ORDERS, encoding="utf-8")
    settings = Settings(root=str(tmp_path), rule_tables={"nested-checkout": table} if table else {})
    checker = Checker(settings, LazyRules())
    found = checker.check(Source.read(str(tmp_path / "orders.py")))
    assert [one.range.start.row for one in found if one.code == "POL404"] == expected


@pytest.mark.parametrize(
    "taken",
    [
        'await engine.execution_options(isolation_level="AUTOCOMMIT").connect()',
        'await (await engine.connect()).execution_options(isolation_level="AUTOCOMMIT")',
    ],
)
def test_where_it_is_set(taken: str, tmp_path: Path) -> None:
    text = ORDERS.replace("async with engine.connect() as other:", f"other = {taken}\n        if other:")
    (tmp_path / "locks.py").write_text(LOCKS.format(autocommit="pass"), encoding="utf-8")
    (tmp_path / "orders.py").write_text(text, encoding="utf-8")
    found = []
    for table in ({"autocommit": True}, {"autocommit": False}):
        settings = Settings(root=str(tmp_path), rule_tables={"nested-checkout": table})
        checker = Checker(settings, LazyRules())
        told = checker.check(Source.read(str(tmp_path / "orders.py")))
        found.append([one.range.start.row for one in told if one.code == "POL404"])
    assert found == [[9, 16], [9]]
