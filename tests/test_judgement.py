"""Rules are asked without a slice; one is cut where a fix may be made in it, or where a rule visits for itself."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import libcst as cst
import pytest
from msgspec.structs import replace

import poolint.judgement
from poolint.config import Settings
from poolint.engine import Checker
from poolint.facts import NoFacts
from poolint.rules import registry
from poolint.rules.awaits.unawaited_release import UnawaitedRelease
from poolint.rules.awaits.unawaited_transaction import UnawaitedTransaction
from poolint.rules.base import Rule, own_visits, visitor_of
from poolint.rules.checkouts.leak_on_exception import LeakOnException
from poolint.rules.holding.sleep_while_held import SleepWhileHeld
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.detect.observation import Observation
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


class SleepUnplanned(SleepWhileHeld):
    """The same rule, as one that might have a plan, and has none here."""

    def repair(self, observation: Observation) -> None:
        assert observation.function == "pay"


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


def test_a_rule_that_has_no_plan_for_what_it_finds_takes_no_slice(tmp_path: Path, cuts: list[int]) -> None:
    [one] = found(tmp_path, SleepUnplanned)
    assert (one.code, one.fix) == ("POL403", None)
    assert cuts == []


def test_a_rule_is_a_visitor_of_libcst_once_there_is_a_slice() -> None:
    made = visitor_of(UnawaitedTransaction)
    assert issubclass(made, (UnawaitedTransaction,)) and issubclass(made, cst.BatchableCSTVisitor)
    assert visitor_of(UnawaitedTransaction) is made
    assert made(NoFacts()).get_visitors().keys() >= {"visit_Call", "visit_Name"}


def test_rules_are_loaded_without_libcst() -> None:
    code = "import sys; from poolint.rules import registry; registry.load(); print('libcst' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_a_rule_that_visits_for_itself_finds_the_same(tmp_path: Path, cuts: list[int]) -> None:
    assert found(tmp_path, SleepVisited) == found(tmp_path, SleepWhileHeld)
    assert cuts == [7]


@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=[code for code, _ in RULES])
def test_no_rule_of_ours_visits_only_to_hand_on(rule: type[Rule]) -> None:
    assert not own_visits(rule)
    has_fix = rule.fix is not Rule.fix or rule.repair is not Rule.repair
    assert has_fix == (rule.meta.fix != "none")


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
