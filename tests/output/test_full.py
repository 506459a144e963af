"""Findings with code frames, as they are drawn to the character."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from poolint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Range, Step
from poolint.output import full
from poolint.output.report import Report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def span(row: int, start: int, end: int, last: int = 0) -> Range:
    return Range(Position(row, start), Position(last or row, end))


def at(text: str, word: str, row: int) -> Range:
    """Where ``word`` stands in a row of ``text``, in characters."""
    column = text.split("\n")[row - 1].index(word) + 1
    return span(row, column, column + len(word))


def drawn(finding: Diagnostic, *, color: bool = False, unsafe: bool = False, **texts: str) -> str:
    """``texts`` are the files by stem."""
    lines = {f"{stem}.py": io.StringIO(text, newline="").readlines() for stem, text in texts.items()}
    return "\n".join(full.render(Report([finding], lines.get, color, unsafe)))


CODE = """\
async def pay(session, client):
    order = await session.get(Order, 1)
    async with session.begin():
        order.state = "paying"
        total = sum(order)

        tax = total * 2
        log(tax)
        await client.post("/charge", json=order)
    return order
"""


def finding(place: Range, *path: Step, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic("POL401", "name", "`client.post` waits", "a.py", place, path=path, fix=fix)


def test_the_path_is_marked_in_the_same_frame() -> None:
    begin = Step("transaction begins here", "a.py", at(CODE, "session.begin()", 3))
    call = Step("and waits here", "a.py", at(CODE, "client.post", 9))
    fix = Fix(Applicability.SAFE, "Move the call out of the block", ())
    assert (
        drawn(finding(at(CODE, "client.post", 9), begin, call, fix=fix), a=CODE)
        == """\
POL401 [*] `client.post` waits
  --> a.py:9:15
   |
 3 |     async with session.begin():
   |                --------------- 1: transaction begins here
...
 7 |         tax = total * 2
 8 |         log(tax)
 9 |         await client.post("/charge", json=order)
   |               ^^^^^^^^^^^ 2: and waits here
10 |     return order
   |
help: Move the call out of the block
"""
    )


def test_steps_elsewhere_have_frames_of_their_own() -> None:
    helper = "\n" * 99 + "def charge(client):\n    client.post()\n"
    steps = (
        Step("called here", "a.py", at(CODE, "session.get", 2)),
        Step("which calls this", "lib/pay.py", span(101, 5, 16)),
        Step("in a file that is gone", "gone.py", span(7, 1, 2)),
    )
    lines = {"a.py": CODE.splitlines(keepends=True), "lib/pay.py": helper.splitlines(keepends=True)}
    assert (
        "\n".join(full.render(Report([finding(at(CODE, "session.get", 2), *steps)], lines.get)))
        == """\
POL401 `client.post` waits
   --> a.py:2:19
    |
  1 | async def pay(session, client):
  2 |     order = await session.get(Order, 1)
    |                   ^^^^^^^^^^^ 1: called here
  3 |     async with session.begin():
  4 |         order.state = "paying"
    |
   ::: lib/pay.py:101:5
    |
101 |     client.post()
    |     ----------- 2: which calls this
    |
   ::: gone.py:7:1
    = 3: in a file that is gone
"""
    )


def test_far_steps_of_the_same_file_too_and_the_first_row_alone() -> None:
    code = "first()\n" + "x\n" * 98 + "last()"
    assert (
        drawn(finding(span(1, 1, 8), Step("later", "a.py", span(100, 1, 7))), a=code)
        == """\
POL401 `client.post` waits
   --> a.py:1:1
    |
  1 | first()
    | ^^^^^^^
  2 | x
  3 | x
    |
   ::: a.py:100:1
    |
100 | last()
    | ------ 1: later
    |
"""
    )


def test_several_marks_on_a_row_and_a_gap_of_one_row() -> None:
    code = "a(b())\nx\ny\nz\nc()\n"
    steps = (Step("inner", "a.py", span(1, 3, 6)), Step("outer", "a.py", span(1, 1, 7)))
    assert (
        drawn(finding(span(5, 1, 4), *steps), a=code)
        == """\
POL401 `client.post` waits
 --> a.py:5:1
  |
1 | a(b())
  | ------ 2: outer
  |   --- 1: inner
2 | x
3 | y
4 | z
5 | c()
  | ^^^
  |
"""
    )


def test_tabs_wide_characters_and_combining_ones_are_aligned() -> None:
    code = "\tx = '漢字e\u0301'; close()\n"
    assert (
        drawn(finding(at(code, "close()", 1)), a=code)
        == """\
POL401 `client.post` waits
 --> a.py:1:14
  |
1 |     x = '漢字e\u0301'; close()
  |                  ^^^^^^^
  |
"""
    )


def test_a_file_cannot_steer_the_terminal() -> None:
    code = "x = '\x1b[31m\x0c\u202e'; close()\r\n"
    text = drawn(finding(at(code, "close()", 1)), a=code)
    assert "x = '\u241b[31m\u240c\ufffd'; close()\n" in text
    assert text.splitlines()[4].index("^") == text.splitlines()[3].index("close")
    assert "\x1b" not in drawn(Diagnostic("POL101", "n", "a\x1bb\nc", "\x1b.py", span(1, 1, 2)), a=code)


def test_a_range_over_rows_is_marked_on_its_first() -> None:
    code = "call(\n    1,\n)\n"
    assert "1 | call(\n  | ^^^^^\n2 |" in drawn(finding(span(1, 1, 2, last=3)), a=code)


@pytest.mark.parametrize("place", [span(1, 1, 1), span(2, 1, 1), span(9, 9, 9), span(1, 99, 99)])
def test_places_outside_the_text_do_no_harm(place: Range) -> None:
    assert drawn(finding(place), a="x = 1\n").startswith("POL401 `client.post` waits\n")
    assert drawn(finding(place), a="")
    assert drawn(finding(place), b="")


def test_very_long_rows_are_shown_in_part() -> None:
    code = f"x = [{'1, ' * 2_000_000}close()]\n"
    text = drawn(finding(at(code, "close()", 1)), a=code)
    row, marks = text.splitlines()[3:5]
    assert len(row) < 200
    assert marks.index("^") == row.index("close()")
    assert marks.count("^") == 7
    start = drawn(finding(span(1, 1, 2)), a=code)
    assert "1 | x = [1, " in start
    assert start.splitlines()[3].endswith("\u2026")


EDIT = Edit(span(1, 1, 1), "await ")


@pytest.mark.parametrize(
    ("applicability", "unsafe", "star", "note"),
    [
        (Applicability.SAFE, False, True, ""),
        (Applicability.UNSAFE, False, False, "note: this fix may change what the code does"),
        (Applicability.UNSAFE, True, True, ""),
        (Applicability.DISPLAY, True, False, "note: this fix is advice and never applied"),
    ],
)
def test_how_far_a_fix_may_be_trusted(applicability: Applicability, unsafe: bool, star: bool, note: str) -> None:
    text = drawn(finding(span(1, 1, 2), fix=Fix(applicability, "Add it", (EDIT,))), unsafe=unsafe, a="x\n")
    assert ("POL401 [*] " in text) == star
    assert "help: Add it" in text
    assert (note or "note") in text or not note
    assert ("note" in text) == bool(note)


def test_colours_change_nothing_but_colours() -> None:
    begin = Step("begins", "a.py", at(CODE, "session.begin()", 3))
    made = finding(at(CODE, "client.post", 9), begin, fix=Fix(Applicability.SAFE, "Move", ()))
    coloured = drawn(made, color=True, a=CODE)
    assert "\x1b[1;31m^^^^^^^^^^^\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn(made, a=CODE)
