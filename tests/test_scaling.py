"""What twice as much code costs: the calls that are made, counted, for shapes that have once cost their square.

Counts do not depend on the machine. What one call does is no part of them, so loops in C need tests of their own.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest

from poolint import engine
from poolint.config import Settings
from poolint.runner import LazyRules
from poolint.screen import Screen
from poolint.screen.files import File
from poolint.screen.spreading import spread
from poolint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "from sqlalchemy import create_engine, text\nfrom sqlalchemy.orm import Session\nengine = create_engine('x')\n\n"


def rows(count: int, *templates: str) -> str:
    """Each template in turn, ``count`` times, with ``{i}`` the number of the turn and ``{n}`` that of the next one."""
    return "".join(one.replace("{i}", str(i)).replace("{n}", str(i + 1)) for i in range(count) for one in templates)


def steps(run: Callable[[], object]) -> int:
    """How many functions are called while ``run`` runs, those written in C included."""
    count = 0

    def count_one(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_one)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def chain(count: int) -> str:
    return (
        HEAD + rows(count, "def f{i}(s: Session):\n    f{n}(s)\n") + f"def f{count}(s: Session):\n    s.execute('x')\n"
    )


def coroutines(count: int) -> str:
    calls = rows(count, "async def f{i}(s: Session):\n    await f{n}(s)\n")
    return f"{HEAD}{calls}async def f{count}(s: Session):\n    s.execute('x')\n"


def leaking(count: int) -> str:
    return HEAD + rows(count, "def f{i}(a):\n    c = engine.connect()\n    c.execute(text('x'))\n    c.close()\n")


def backwards(count: int) -> str:
    return f"{HEAD}def f0(s: Session):\n    s.execute('x')\n" + rows(count, "def f{n}(s: Session):\n    f{i}(s)\n")


WHOLE: list[Callable[[int], str]] = [chain, coroutines, leaking, backwards]


@pytest.mark.parametrize("shape", WHOLE)
def test_twice_the_code_costs_twice_the_calls(shape: Callable[[int], str], tmp_path: Path) -> None:
    def check(count: int) -> None:
        path = str(tmp_path / "app.py")
        checker = engine.Checker(Settings(root=str(tmp_path)), LazyRules(), str(tmp_path))
        data = shape(count).encode()
        assert checker.is_interesting(path, data)
        checker.check(Source.from_bytes(path, data))

    check(10)  # what is loaded and made once
    least, once, twice = (steps(lambda count=count: check(count)) for count in (1, 25, 50))  # type: ignore[misc]
    assert twice - least < 2.3 * (once - least)


@pytest.mark.parametrize("shape", [chain, coroutines, backwards])
def test_the_screen_takes_each_name_up_once(shape: Callable[[int], str], tmp_path: Path) -> None:
    def screen(count: int) -> None:
        from poolint.finder import Finder

        Screen(Finder(str(tmp_path))).is_interesting(str(tmp_path / "app.py"), shape(count).encode())

    screen(10)
    once, twice = (steps(lambda count=count: screen(count)) for count in (100, 200))  # type: ignore[misc]
    assert twice < 2.3 * once


def test_what_spreads_is_all_that_follows() -> None:
    """Against the plain way: to apply every statement until nothing is new."""
    chance = random.Random(7)

    def reaches(part: bytes) -> bool:
        return b"n1" in part

    for _ in range(60):
        names = [f"n{i}" for i in range(12)]
        text = "".join(
            f"def {name}({', '.join(chance.sample(names, 2))}):\n"
            f"    {chance.choice(['return', 'raise'])} {chance.choice(names)}, {chance.choice(names)}\n"
            for name in chance.sample(names, 10)
        )
        told = [{one.encode() for one in chance.sample(names, chance.randrange(2))} for _ in range(3)]
        plain, quick = File(text.encode()), File(text.encode())
        for file in (plain, quick):
            for own, fresh in zip(file.told, told, strict=True):
                own |= fresh
        for _ in names * 3:
            for one in plain.segments:
                if not one.telling.isdisjoint(plain.carried):
                    plain.carried |= one.bound
                if not one.telling.isdisjoint(plain.sessions):
                    plain.sessions |= one.bound
                if not one.words.isdisjoint(plain.blocking | (plain.sessions if reaches(one.part) else set())):
                    plain.blocking |= one.bound
        spread(quick, reaches)
        assert quick.told == plain.told
