"""Structural fixes: what they look like, that they mean it, and that nothing around them moves."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from structural import IMPORTS, Text, fixed
from structural_cases import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable

FIXED = [case for case in CASES if case.after]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_fix = pytest.mark.parametrize("case", FIXED, ids=lambda case: case.name)


@every_case
def test_a_fix_reads_like_this(case: Case) -> None:
    found, text = fixed(case.before, case.form, case.checkout)  # type: ignore[arg-type]
    if case.refusal:
        assert (found, text) == (None, case.refusal)
        return
    assert found is not None, text
    assert text == case.after
    assert case.level in ("", found.applicability.value)
    assert found.plan.function == re.findall(r"def (\w+)", case.before)[0] or "class" in case.before


@every_fix
def test_there_is_nothing_to_fix_afterwards(case: Case) -> None:
    before, after = Text((IMPORTS + case.before).encode()), Text((IMPORTS + case.after).encode())
    if len(after.sites()) == len(before.sites()):  # else its checkout is a header now
        found, why = after.fix(after.sites()[case.checkout])
        assert found is None
        assert why == "released-already"


# Ways to write a file. Fixing must commute with each: what stands around a fix is nobody's business.
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "CRLF, mark and tabs": lambda text: b"\xef\xbb\xbf" + text.replace("    ", "\t").replace("\n", "\r\n").encode(),
    "two blanks": lambda text: text.replace("    ", "  ").encode(),
    "three blanks": lambda text: text.replace("    ", "   ").encode(),
    "form feeds glued to functions": lambda text: re.sub(
        r"^(?=(?:async )?def |class )", "\f", text, flags=re.M
    ).encode(),
    "form feeds on rows of their own": lambda text: re.sub(
        r"^(?=(?:async )?def |class )", "\f\n", text, flags=re.M
    ).encode(),
    "separators that end no row": lambda text: text.replace("# ", "# \u2028\x0b\x1c\x85 ").encode(),
    "no final newline": lambda text: text.rstrip("\n").encode(),
    "wide characters": lambda text: re.sub(r"\b(conn|session|raw|db)\b", r"ä\1", text).encode(),
    "latin-1": lambda text: ("# coding: latin-1\n# ä\n" + text).encode("latin-1"),
    "under an if": lambda text: ("if 1:\n" + indented(text)).encode(),
}


def indented(text: str) -> str:
    return re.sub(r"^(\f?)(?=[^\n\f])", r"\1    ", text, flags=re.M)


BY_COLUMN = {"by the step of the suite around, not by that of the file", "comments further out stay out"}
"""Cases that are about certain columns, which mean something else when rows are indented otherwise."""
REINDENTED = {"tabs", "CRLF, mark and tabs", "two blanks", "three blanks"}


@pytest.mark.parametrize("way", WRITTEN)
@every_fix
def test_how_a_file_is_written_makes_no_difference(case: Case, way: str) -> None:
    if case.name in BY_COLUMN and way in REINDENTED:
        return
    write = WRITTEN[way]
    text = Text(write(IMPORTS + case.before))
    found, after = text.fix(text.sites()[case.checkout], case.form)  # type: ignore[arg-type]
    assert found is not None, after
    assert text.source.encode(after) == write(IMPORTS + case.after)


def test_new_rows_take_the_newline_of_the_row_before() -> None:
    rows = [
        "def f(engine: Engine):\n",
        "    conn = engine.connect()\r\n",
        "\r",
        "    conn.execute(q)\n",
        "    conn.close()\r",
    ]
    text = Text((IMPORTS + "".join(rows)).encode())
    _, after = text.fix(text.sites()[0])
    assert after.removeprefix(IMPORTS) == (
        "def f(engine: Engine):\n    conn = engine.connect()\r\n\r    try:\r        conn.execute(q)\n    finally:\n"
        "        conn.close()\r"
    )
