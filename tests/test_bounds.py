"""Adversarial code is analysed or given up: told as POL903, never hanging and never hidden."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from poolint import engine
from poolint.config import Settings
from poolint.detect import analysis
from poolint.flow import summaries
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.diagnostics import Diagnostic

HEAD = "from sqlalchemy import create_engine, text\nengine = create_engine('x')\n\n\n"
CHECKOUT = "    conn = engine.connect()\n"
SECONDS = 20.0
"""Of processor time: ten times what is wanted, since a test must not fail for a busy machine."""


def check(text: str, directory: Path) -> list[Diagnostic]:
    settings = Settings(root=str(directory))
    started = time.process_time()
    found = engine.Checker(settings, LazyRules()).check(
        Source.from_bytes(str(directory / "generated.py"), text.encode())
    )
    assert time.process_time() - started < SECONDS
    return found


def codes(found: list[Diagnostic]) -> set[str]:
    return {one.code for one in found}


def branches(count: int) -> str:
    arms = "".join(f"    if x == {i}:\n        conn.execute(text('{i}'))\n" for i in range(count))
    return f"{HEAD}def f(x):\n{CHECKOUT}{arms}    conn.close()\n"


def nested(opening: str, depth: int, closing: str = "") -> str:
    rows = [f"{' ' * (4 + i)}{opening.format(i)}" for i in range(depth)]
    rows.append(f"{' ' * (4 + depth)}conn.execute(text('x'))")
    if closing:
        for i in reversed(range(depth)):
            rows += [f"{' ' * (4 + i)}{closing}", f"{' ' * (5 + i)}g{i}()"]
    return f"{HEAD}def f(x):\n{CHECKOUT}" + "\n".join(rows) + "\n    conn.close()\n"


def test_five_thousand_branches_in_one_function(tmp_path: Path) -> None:
    [found] = check(branches(5_000), tmp_path)
    assert found.code == "POL202"
    assert found.fix is None, "no fix is worth parsing ten thousand rows for"


@pytest.mark.parametrize(
    "text",
    [nested("with engine.connect() as c{}:", 90), nested("try:", 90, "finally:"), nested("if x:", 90)],
    ids=["with", "try", "if"],
)
def test_deep_nesting(text: str, tmp_path: Path) -> None:
    assert codes(check(text, tmp_path)) == {"POL202"}


def test_a_long_function_that_asks_for_many_things_twice(tmp_path: Path) -> None:
    """What was known of each tells nothing apart any more once nothing asks for it."""
    asking = "".join(f"    if a{i}:\n        log({i})\n    if not a{i}:\n        log(-{i})\n" for i in range(150))
    text = f"{HEAD}def f(own, {', '.join(f'a{i}' for i in range(150))}):\n    c = engine.connect()\n{asking}"
    [found] = check(f"{text}    if own:\n        c.close()\n", tmp_path)
    assert found.code == "POL201"


def test_more_obligations_than_are_followed_are_told(tmp_path: Path) -> None:
    opened = "".join(f"    c{i} = engine.connect()\n    c{i}.execute(text('x'))\n" for i in range(1_200))
    closed = "".join(f"    c{i}.close()\n" for i in range(1_200))
    found = check(f"{HEAD}def f():\n{opened}{closed}", tmp_path)
    [given_up] = [one for one in found if one.code == "POL903"]
    assert (given_up.range.start.row, given_up.function) == (5, "f")
    assert codes(found) == {"POL202", "POL903"}, "what had been found before is told"


def test_a_generated_file_is_given_up_as_a_whole(tmp_path: Path) -> None:
    function = "def f{}(a):\n    conn = engine.connect()\n    conn.execute(text('{}'))\n    conn.close()\n"
    text = HEAD + "".join(function.replace("{}", str(i)) for i in range(25_000))
    assert len(text) > 2_000_000
    [found] = check(text, tmp_path)
    assert (found.code, found.range.start.row) == ("POL903", 1)


def test_import_cycles_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import sqlalchemy\nfrom b import *\nfrom b import s\n\n\ndef f():\n    return s.g()\n"
    )
    (tmp_path / "b.py").write_text("from a import *\nfrom a import f as s\n")
    settings = Settings(root=str(tmp_path))
    checker = engine.Checker(settings, LazyRules())
    assert [checker.check(Source.read(str(tmp_path / name))) for name in ("a.py", "b.py")] == [[], []]


def test_functions_that_all_return_each_other(tmp_path: Path) -> None:
    arms = "".join(f"    if a == {j}:\n        return f{j}(a)\n" for j in range(30))
    functions = "".join(f"def f{i}(a):\n{arms}    return engine.connect()\n\n\n" for i in range(30))
    found = check(f"{HEAD}{functions}def g(a):\n    conn = f0(a)\n    conn.execute(a)\n", tmp_path)
    assert codes(found) <= {"POL201", "POL202"}


def test_a_long_chain_of_conditional_rebinds(tmp_path: Path) -> None:
    rebinds = "".join(f"    if a{i}:\n        s, t = s.add(t, a{i}), t.add(s)\n" for i in range(120))
    text = f"{HEAD}class S:\n    def add(self, *o):\n        return self if o else S()\n\n\ndef f():\n    s = t = S()\n"
    assert not check(f"{text}{rebinds}    with engine.connect() as c:\n        c.execute(s.add(t))\n", tmp_path)


@pytest.mark.parametrize(("most", "followed"), [(3, 3), (4, 4), (5, 4)])
def test_functions_beyond_the_bound_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, followed: int
) -> None:
    """Those before it are looked into as ever, and where they end is said."""
    monkeypatch.setattr(analysis, "MOST_FUNCTIONS", most)
    found = check(
        HEAD + "".join(f"def f{i}():\n{CHECKOUT}    conn.execute(text('x'))\n\n\n" for i in range(4)), tmp_path
    )
    assert [one.code for one in found if one.code != "POL903"] == ["POL201"] * followed
    told = [(one.message, one.range.start.row) for one in found if one.code == "POL903"]
    row = HEAD.count("\n") + 1 + 5 * most
    expected = (f"a file of more than {most} functions is not followed from `f{most}` on", row)
    assert told == ([expected] if most < 4 else [])


FILES = {
    "helpers.py": """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def even(session: Session, n: int) -> None:
    session.execute(text("SELECT 1"))
    odd(session, n - 1) if n else session.close()


def odd(session: Session, n: int) -> None:
    even(session, n - 1)
""",
    "orders.py": """\
from helpers import odd
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

SessionLocal = sessionmaker(create_engine("postgresql+psycopg://shop@db/shop"))


def lost() -> None:
    session = SessionLocal()
    odd(session, 1)


def plain() -> None:
    session = SessionLocal()
    session.execute(text("SELECT 1"))
""",
}


@pytest.mark.parametrize("order", [("helpers.py", "orders.py"), ("orders.py", "helpers.py"), ("orders.py",)])
def test_functions_of_which_nothing_can_be_found_out(
    order: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of each function that depends on them, whichever file is looked at first; the others are as ever."""
    for name, written in FILES.items():
        (tmp_path / name).write_text(written, "utf-8")
    monkeypatch.setattr(summaries, "MAX_RISES", 0)
    checker = engine.Checker(Settings(root=str(tmp_path)), LazyRules())
    found = {name: checker.check(Source.read(str(tmp_path / name))) for name in order}
    assert [(one.code, one.range.start.row) for one in found["orders.py"]] == [("POL903", 8), ("POL201", 14)]
    assert found["orders.py"][0].message == (
        f"what `lost` calls was given up after {analysis.MAX_RISES} rounds: what is found in it is incomplete"
    )
    if "helpers.py" in found:
        assert {one.code for one in found["helpers.py"]} <= {"POL903"}
