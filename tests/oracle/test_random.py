"""A sample of ``benchmarks/random_programs.py``: random programs over real pools, beside what poolint says of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.oracle.random_programs.comparing import KINDS, compare
from tests.oracle.random_programs.programs import KINDS as RESOURCES
from tests.oracle.random_programs.programs import PRELUDE, Program, program
from tests.oracle.random_programs.running import World

SEED = 2026


@pytest.fixture
def world(no_collection: None) -> Iterator[World]:  # noqa: ARG001
    made = World()
    yield made
    made.close()


@pytest.mark.parametrize("first", range(1, 301, 100))
def test_findings_and_fixes_are_borne_out(first: int, tmp_path: Path) -> None:
    figures = compare(SEED, range(first, first + 100), str(tmp_path))
    assert not [f"{why}\n{text}" for why, text in figures.wrong]
    assert figures.found == figures.leaking
    assert figures.findings > 30
    assert figures.fixed["safe"] > 20


def test_programs_depend_on_seed_and_number_alone() -> None:
    assert [program(3, one) for one in range(9)] == [program(3, one) for one in reversed(range(9))][::-1]
    assert program(3, 1) != program(4, 1)


def test_all_kinds_of_leaks_come_up() -> None:
    programs = [program(SEED, one) for one in range(1, 301)]
    assert {one.kind for one in programs} == set(RESOURCES)
    assert any(one.is_manager for one in programs)


_LEAKS = {
    "normal": ["res = {take}", "{query}"],
    "exception": ["res = {take}", "{query}", "{release}"],
    "cancel": [
        "res = {take}", "try:", "    {query}", "    {pause}", "except Exception:", "    {release}", "    raise", "{release}",
    ],
    "": ["res = {take}", "try:", "    {query}", "finally:", "    {release}"],
}  # fmt: skip


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.key)
@pytest.mark.parametrize("worst", _LEAKS)
def test_what_leaks_is_seen(world: World, kind, worst: str) -> None:  # type: ignore[no-untyped-def]
    parts = {
        "take": kind.take,
        "query": kind.query.format("res", 1),
        "release": kind.release.format("res"),
        "pause": "await pause(2)" if kind.is_async else "may_fail(2)",
    }
    body = [f"    {line.format(**parts)}" for line in _LEAKS[worst]]
    lines = (f"{kind.header} p1({kind.source}):", *body)
    one = Program(1, kind, lines, is_manager=False, is_fixed_by_await=False)
    truth = world.truth(one, world.namespace(PRELUDE + "\n".join(lines)))
    assert truth.complete
    expected = "" if worst == "cancel" and not kind.is_async else worst
    assert next((each for each in KINDS if each in truth.leaks), "") == expected
