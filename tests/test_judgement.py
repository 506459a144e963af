"""Rules are asked without a slice; one is cut where a fix may be made in it, or where a rule visits for itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import poolint.judgement
from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules import registry
from poolint.rules.awaits.unawaited_release import UnawaitedRelease
from poolint.rules.awaits.unawaited_transaction import UnawaitedTransaction
from poolint.rules.base import Rule, own_visits
from poolint.rules.checkouts.leak_on_exception import LeakOnException
from poolint.rules.holding.sleep_while_held import SleepWhileHeld
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    import libcst as cst

    from poolint.diagnostics import Diagnostic

SHOP = """\
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def pay(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))
    await asyncio.sleep(1)
    await session.commit()


async def save(session: AsyncSession) -> None:
    session.commit()
"""
RULES = sorted(registry.load().rules.items())


class SleepVisited(SleepWhileHeld):
    """The same rule, as one that looks at the calls of a slice itself."""

    def visit_Call(self, node: cst.Call) -> None:
        self.consider(node)


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first rows of the slices that are cut."""
    rows: list[int] = []
    real = poolint.judgement.cut

    def cut(source: Source, first: int, last: int) -> Any:
        rows.append(first)
        return real(source, first, last)

    monkeypatch.setattr(poolint.judgement, "cut", cut)
    return rows


def found(folder: Path, *rules: type[Rule]) -> list[Diagnostic]:
    source = Source.from_bytes(str(folder / "app.py"), SHOP.encode())
    return Checker(Settings(root=str(folder)), {rule.meta.code: rule for rule in rules}).check(source)


def test_a_rule_that_has_no_fix_takes_no_slice(tmp_path: Path, cuts: list[int]) -> None:
    [one] = found(tmp_path, SleepWhileHeld)
    assert (one.code, one.range.start.row, one.range.start.column, one.fix) == ("POL403", 9, 11, None)
    assert cuts == []


def test_a_rule_that_has_a_fix_takes_that_slice_only(tmp_path: Path, cuts: list[int]) -> None:
    both = found(tmp_path, SleepWhileHeld, UnawaitedTransaction)
    assert [(one.code, one.fix is not None) for one in both] == [("POL403", False), ("POL102", True)]
    assert cuts == [13]


def test_a_rule_that_visits_for_itself_finds_the_same(tmp_path: Path, cuts: list[int]) -> None:
    assert found(tmp_path, SleepVisited) == found(tmp_path, SleepWhileHeld)
    assert cuts == [7]


@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=[code for code, _ in RULES])
def test_no_rule_of_ours_visits_only_to_hand_on(rule: type[Rule]) -> None:
    assert not own_visits(rule)
    assert (rule.fix is not Rule.fix) == (rule.meta.fix != "none")


LEAVE = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker


async def save(maker: async_sessionmaker) -> None:
    session = maker()
    await session.execute(text("SELECT 1"))
    session.close()
"""


def codes(folder: Path, *rules: type[Rule]) -> list[str]:
    source = Source.from_bytes(str(folder / "app.py"), LEAVE.encode())
    return [
        one.code for one in Checker(Settings(root=str(folder)), {rule.meta.code: rule for rule in rules}).check(source)
    ]


def test_what_is_lost_by_a_release_that_does_not_happen_is_reported_at_the_release(tmp_path: Path) -> None:
    class AlwaysLost(LeakOnException):
        meta = replace(LeakOnException.meta, code="XYZ202", yields_to=frozenset())

    assert codes(tmp_path, UnawaitedRelease, LeakOnException) == ["POL101"]
    assert codes(tmp_path, LeakOnException) == []
    assert codes(tmp_path, AlwaysLost) == ["XYZ202"]
