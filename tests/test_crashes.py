"""What crashes loses its own findings and nothing else: on the command line, in flake8, and in the other commands."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from poolint.cli.main import main
from poolint.configuration.engines import Engines
from poolint.detect import analysis
from poolint.detect.detector import Detector, detectors
from poolint.facts import SliceFacts
from poolint.integrations import flake8
from poolint.judgement import Judgement
from poolint.rules.awaits.unawaited_transaction import UnawaitedTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope

    Check = Callable[..., list[dict[str, Any]]]

SHOP = """\
import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()


async def count(engine: AsyncEngine) -> None:
    conn = await engine.connect()
    await conn.execute(text("SELECT count(*) FROM orders"))


async def pay(session: AsyncSession, client: httpx.AsyncClient) -> None:
    await session.execute(text("SELECT 1"))
    await client.post("https://pay.example/charges")
    await session.commit()
"""
ALL = [("POL102", 7), ("POL201", 11), ("POL402", 17)]
FOUND_BY = {"POL102": "awaits", "POL201": "lifetimes", "POL402": "waiting"}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """``check()`` writes the shop as app.py and gives what the command line finds in it, with its exit code tested."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLINT_TRACEBACK", raising=False)
    (tmp_path / "app.py").write_text(SHOP)

    def run(*options: str, code: int = 2) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main(["check", "--isolated", "--output-format=json", *options, "app.py"]) == code
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    return run


def places(found: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(one["code"], one["location"]["row"]) for one in found if one["code"] != "POL900"]


def crashes(found: list[dict[str, Any]]) -> list[str]:
    return [one["message"] for one in found if one["code"] == "POL900"]


def break_detector(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def crash(scope: Scope) -> Iterator[Any]:
        if scope.kind == "function":
            raise AssertionError("no such\nthing")
        yield from ()

    changed = [replace(one, make=lambda _: crash) if one.name == broken else one for one in detectors()]
    monkeypatch.setattr(analysis, "detectors", lambda: changed)


def test_all_is_well_without_a_crash(check: Check) -> None:
    assert places(check(code=1)) == ALL


@pytest.mark.parametrize("code", FOUND_BY)
def test_a_detector_that_crashes_loses_its_own(check: Check, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    break_detector(monkeypatch, FOUND_BY[code])
    found = check()
    assert places(found) == [one for one in ALL if one[0] != code]
    [told] = crashes(found)
    assert told.startswith(
        f"detector `{FOUND_BY[code]}` crashed in `save`: AssertionError: no such thing (test_crashes"
    )
    assert "incomplete" in told
    assert "POOLINT_TRACEBACK=1" in told


def test_every_detector_may_crash(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {one.name for one in detectors()}
    broken = [Detector(one.name, lambda _: lambda _: [None]) for one in detectors()]  # type: ignore[list-item]
    monkeypatch.setattr(analysis, "detectors", lambda: broken)
    found = check("--extend-select=POL511")
    assert not places(found)
    assert len(crashes(found)) == len(names) == len(broken) > 30


def test_what_a_crash_leaves_half_known_is_thrown_away(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that spoils what all of them share before it crashes takes nothing from the others."""

    def spoil(services: Services) -> Any:
        del services.evaluator.project, services.vocabulary
        raise KeyError("gone")

    spoiled = [Detector("spoiler", spoil), *detectors()]
    monkeypatch.setattr(analysis, "detectors", lambda: spoiled)
    found = check()
    assert places(found) == ALL
    assert any("detector `spoiler`" in one for one in crashes(found))


def test_a_rule_that_crashes_loses_its_own(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(UnawaitedTransaction, "judge", judge)
    found = check()
    assert places(found) == ALL[1:]
    [told] = crashes(found)
    assert told.startswith("rule POL102 crashed ")


def test_a_rule_that_wants_to_end_the_process_does_not(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> None:
        raise SystemExit(0)

    monkeypatch.setattr(UnawaitedTransaction, "judge", judge)
    assert places(check()) == ALL[1:]


def test_without_slices_a_rule_that_crashes_loses_its_own(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(UnawaitedTransaction, "judge", judge)
    monkeypatch.setattr("poolint.judgement.cut", lambda *_: None)
    found = check()
    assert places(found) == ALL[1:]
    assert len(crashes(found)) == 1


def test_the_cutting_of_slices_that_crashes_costs_fixes_only(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolint.judgement.cut", None)
    found = check()
    assert places(found) == ALL
    assert not any(one["fix"] for one in found)
    assert len(crashes(found)) == 1


@pytest.mark.parametrize("owner", [SliceFacts, UnawaitedTransaction, Judgement])
def test_a_repair_that_crashes_loses_the_fix(check: Check, monkeypatch: pytest.MonkeyPatch, owner: type) -> None:
    name, told = {
        SliceFacts: ("_release", "repair `release` crashed in `count`: ZeroDivisionError"),
        UnawaitedTransaction: ("fix", "the fix of POL102 crashed "),
        Judgement: ("_fix", "the fix of POL102 crashed in `save`"),
    }[owner]

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(owner, name, crash)
    found = check()
    assert places(found) == ALL
    assert any(one.startswith(told) for one in crashes(found))
    fixed = [one["code"] for one in found if one["fix"]]
    assert fixed == {SliceFacts: ["POL102", "POL402"], UnawaitedTransaction: ["POL201", "POL402"], Judgement: []}[owner]


@pytest.mark.parametrize("name", ["kinds_of", "relaxation"])
def test_where_nobody_knows_whether_a_rule_is_off_it_is_on(
    check: Check, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"poolint.relaxations.{name}", None)
    found = check()
    assert places(found) == ALL
    assert crashes(found)


def test_a_stack_that_is_exhausted_is_one_line(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(_: Scope) -> list[Any]:
        raise RecursionError

    deeper = [replace(one, make=lambda _: deep) if one.name in ("awaits", "lifetimes") else one for one in detectors()]
    monkeypatch.setattr(analysis, "detectors", lambda: deeper)
    first, second = check(code=1)
    assert (first["code"], second["code"]) == ("POL901", "POL402")
    assert first["message"].startswith("nested too deeply to be analysed by this Python: ")
    assert "`awaits`" in first["message"]
    assert "`lifetimes`" in first["message"]


def test_an_ignored_crash_is_still_no_success(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    break_detector(monkeypatch, "awaits")
    found = check("--ignore=POL900")
    assert places(found) == ALL[1:]
    assert not crashes(found)


def test_flake8_says_the_same(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_detector(monkeypatch, "awaits")
    monkeypatch.setattr(flake8, "_runners", {})
    lines = SHOP.splitlines(keepends=True)
    reported = flake8.Plugin(ast.parse(SHOP), str(tmp_path / "app.py"), lines).run()
    assert [(row, column, text) for row, column, text, _ in reported] == [
        (one["location"]["row"], one["location"]["column"] - 1, f"{one['code']} {one['message']}") for one in check()
    ]


def test_the_traceback_of_a_detector_on_request(
    check: Check, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del check
    break_detector(monkeypatch, "awaits")
    monkeypatch.setenv("POOLINT_TRACEBACK", "1")
    assert main(["check", "--isolated", "app.py"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_why_tells_the_rest(check: Check, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    del check
    break_detector(monkeypatch, "lifetimes")
    monkeypatch.setattr("poolint.explain.why._known", None)
    assert main(["why", "app.py:7"]) == 0
    told = capsys.readouterr().out
    assert "note: detector `lifetimes` crashed in `save`" in told
    assert "note: the account of names crashed in `save`" in told
    assert "POL102" in told


def test_holds_tells_the_rest(
    check: Check, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from poolint.explain import holds

    del check
    real = holds.stretches

    def crash(holdings: Any, slow: Any, scope: Scope) -> Any:
        if scope.name == "count":
            raise KeyError("gone")
        return real(holdings, slow, scope)

    monkeypatch.setattr(holds, "stretches", crash)
    assert main(["holds", "app.py"]) == 2
    told = capsys.readouterr()
    assert "pay" in told.out
    assert "app.py: the search for what holds crashed in `count`: KeyError: 'gone'" in told.err


def test_budget_tells_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("web", "jobs"):
        (tmp_path / f"{name}.py").write_text(
            f'from sqlalchemy import create_engine\n\n{name}_engine = create_engine("postgresql+psycopg://db/shop")\n'
        )
    (tmp_path / "Procfile").write_text("web: python web.py\nworker: python jobs.py\n")
    monkeypatch.chdir(tmp_path)
    real = Engines.of_module

    def crash(self: Engines, module: Any) -> Any:
        if module.name == "jobs":
            raise KeyError("gone")
        return real(self, module)

    monkeypatch.setattr(Engines, "of_module", crash)
    assert main(["budget"]) == 1
    told = capsys.readouterr()
    assert "web_engine" in told.out
    assert "jobs.py:1: the search for engines crashed here: KeyError: 'gone'" in told.err
