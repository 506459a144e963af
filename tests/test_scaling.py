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
from poolint.screen import Ready, Screen
from poolint.screen.files import File, imports_of
from poolint.screen.spreading import spread
from poolint.text.source import Source

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


def reassigned(count: int) -> str:
    return f"{HEAD}def f():\n    c = engine.connect()\n" + rows(count * 3, "    c = c or engine.connect()\n")


def attributes(count: int) -> str:
    bound, closed = "        self.c{i} = engine.connect()\n", "        self.c{i}.close()\n"
    return f"{HEAD}class C:\n    def __init__(self):\n{rows(count * 3, bound)}    def close(self):\n{rows(count * 3, closed)}"


def leaking(count: int) -> str:
    return HEAD + rows(count, "def f{i}(a):\n    c = engine.connect()\n    c.execute(text('x'))\n    c.close()\n")


def backwards(count: int) -> str:
    return f"{HEAD}def f0(s: Session):\n    s.execute('x')\n" + rows(count, "def f{n}(s: Session):\n    f{i}(s)\n")


def kept_globals(count: int) -> str:
    return HEAD + rows(count, "def f{i}():\n    global c\n    c = engine.connect()\n")


def body(count: int, *templates: str) -> str:
    return HEAD + "def f(a, b):\n    k = engine.connect()\n" + rows(count, *templates) + "    k.close()\n"


def blocks(count: int) -> str:
    return body(count, "    with engine.connect() as c:\n        c.execute(text('x'))\n")


def blocks_of_a_module(count: int) -> str:
    return HEAD + rows(count, "with engine.connect() as c:\n    c.execute(text('x'))\n")


def other_blocks(count: int) -> str:
    return body(count, "    with a as x:\n        b(k)\n")


def checkouts_on_a_line(count: int) -> str:
    return f"{HEAD}def f(a):\n    " + rows(count, "c{i} = engine.connect(); c{i}.close(); ") + "\n"


def statements_on_a_line(count: int) -> str:
    return f"{HEAD}def f(a):\n    c = engine.connect(); " + "a.b(c); " * count + "\n"


def tables(count: int) -> str:
    stored = rows(count, "    found['{i}'] = {'url': 'x'}\n")
    use = "def f(s: Session, k):\n    s.get(k, 1)\n    table()[k]['url'].lower()\n"
    return f"{HEAD}def table():\n    found = {{}}\n{stored}    return found\n{use}"


WHOLE: list[Callable[[int], str]] = [
    chain,
    coroutines,
    leaking,
    backwards,
    blocks,
    blocks_of_a_module,
    other_blocks,
    checkouts_on_a_line,
    statements_on_a_line,
    reassigned,
    attributes,
    kept_globals,
    tables,
]


@pytest.mark.parametrize("shape", WHOLE)
def test_twice_the_code_costs_twice_the_calls(shape: Callable[[int], str], tmp_path: Path) -> None:
    def check(count: int) -> None:
        path = str(tmp_path / "app.py")
        checker = engine.Checker(Settings(root=str(tmp_path)), LazyRules())
        data = shape(count).encode()
        assert checker.is_interesting(path, data)
        checker.check(Source.from_bytes(path, data))

    check(5)  # what is loaded and made once
    least, once, twice = (steps(lambda count=count: check(count)) for count in (5, 25, 45))  # type: ignore[misc]
    assert twice - least < 2.2 * (once - least)


@pytest.mark.parametrize("shape", [chain, coroutines, backwards])
def test_the_screen_takes_each_name_up_once(shape: Callable[[int], str], tmp_path: Path) -> None:
    def screen(count: int) -> None:
        from poolint.roots.finder import Finder

        Screen(Finder(Ready().libraries)).is_interesting(str(tmp_path / "app.py"), shape(count).encode())

    screen(10)
    once, twice = (steps(lambda count=count: screen(count)) for count in (100, 200))  # type: ignore[misc]
    assert twice < 2.3 * once


def test_the_parts_of_an_imported_name_are_asked_for_up_to_a_bound(tmp_path: Path) -> None:
    from poolint.roots.finder import MAX_PARTS, Finder

    found = [dotted for _, dotted, _ in imports_of(b"import a" + b".a" * 10_000 + b"\n")]
    assert len(found) == MAX_PARTS
    assert found[-1] == "a"
    finder = Finder()
    importer = str(tmp_path / "app.py")
    (tmp_path / "a.py").touch()
    assert finder.find("a", importer)
    once = steps(lambda: finder.find("a" + ".a" * MAX_PARTS, importer))
    assert steps(lambda: finder.find("a" + ".a" * 10_000, importer)) == once


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
                if not plain.carried.isdisjoint(one.telling):
                    plain.carried |= one.bound
                if not plain.sessions.isdisjoint(one.telling):
                    plain.sessions |= one.bound
                if not (plain.blocking | (plain.sessions if reaches(one.part) else set())).isdisjoint(one.words):
                    plain.blocking |= one.bound
        spread(quick, [set(one) for one in quick.told], reaches)
        assert quick.told == plain.told


def test_blocks_that_bind_a_name_are_told_from_what_is_around_them(tmp_path: Path) -> None:
    """Against the plain way: to compare every read with every block."""
    import ast

    from poolint.detect.afterwards import _Blocks, _span
    from poolint.roots.finder import Finder
    from poolint.syntax.project import Project

    chance = random.Random(3)

    def block(depth: int) -> list[str]:
        found = []
        for _ in range(chance.randrange(1, 4)):
            if depth < 4 and chance.random() < 0.5:
                found += [f"with a as {chance.choice('cd')}:", *(f"    {one}" for one in block(depth + 1))]
            else:
                found.append(chance.choice(["b(c)", "b(d)", "b()"]))
        return found

    seen = set()
    for number in range(150):
        text = "def f(a, b, c, d):\n" + "".join(f"    {row}\n" for row in block(0))
        project = Project(Finder(str(tmp_path)))
        module = project.replace(Source.from_bytes(str(tmp_path / f"m{number}.py"), text.encode()))
        scope = module.scope.children[0]
        blocks = _Blocks(scope)
        for statement in scope.withs:
            target = statement.items[0].optional_vars
            assert isinstance(target, ast.Name)
            first, last = own = _span(statement)
            spans = [_span(one) for one in scope.withs if getattr(one.items[0].optional_vars, "id", "") == target.id]
            spans = [one for one in spans if one == own or not one[0] <= first <= last <= one[1]]
            loads = scope.loads.get(target.id, ())
            plain = any(not any(a <= load.lineno <= b for a, b in spans) for load in loads)
            assert blocks.is_left(statement, target.id, target.id) == plain, text
            seen.add(plain)
    assert seen == {True, False}
