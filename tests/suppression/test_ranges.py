"""Pairs of comments, ``disable`` and ``enable``: what they silence, what is said of them, and what their fix leaves."""

from __future__ import annotations

import pytest

from poolint.diagnostics import Diagnostic, Position, Range
from poolint.fixes.edits import apply_edits
from poolint.suppression import divided
from poolint.suppression.comments import directives
from poolint.suppression.review import Run, review
from poolint.text.source import Source

NAMES: dict[str, str | None] = {"POL101": "unawaited-release", "POL201": "checkout-never-released"}
RAN = frozenset(NAMES)


def findings(*places: tuple[str, int]) -> list[Diagnostic]:
    found = []
    for code, row in places:
        place = Position(row, 1)
        found.append(Diagnostic(code, NAMES[code] or "", "m", "a.py", Range(place, place), statement_end_row=row))
    return found


def left(text: str, *places: tuple[str, int]) -> list[str]:
    source = Source.from_bytes("a.py", text.encode())
    return [f"{one.code}:{one.range.start.row}" for one in divided(directives(source), findings(*places))[0]]


def told(text: str, *places: tuple[str, int], ran: frozenset[str] = RAN) -> list[Diagnostic]:
    source = Source.from_bytes("a.py", text.encode())
    return review(source, directives(source), findings(*places), Run(ran, ran, NAMES))


def messages(text: str, *places: tuple[str, int]) -> list[str]:
    return [f"{one.range.start.row} {one.code} {one.message}" for one in told(text, *places)]


PAIR = """\
close()
# poolint: disable[POL101] pgbouncer ends them
close()
close()
# poolint: enable[POL101]
close()
"""


def test_the_rows_between_and_no_others() -> None:
    assert left(PAIR, ("POL101", 1), ("POL101", 3), ("POL201", 4), ("POL101", 4), ("POL101", 6)) == [
        "POL101:1",
        "POL201:4",
        "POL101:6",
    ]
    source = Source.from_bytes("a.py", PAIR.encode())
    [one] = divided(directives(source), findings(("POL101", 3)))[1]
    assert one.silence is not None
    assert (one.silence.by, one.silence.reason) == ("comment", "pgbouncer ends them")


def test_names_prefixes_and_cases() -> None:
    text = "# POOLINT: DISABLE[Unawaited-Release, pol2]\nclose()\n    # poolint: enable[POL2, unawaited-release]\nclose()\n"
    assert left(text, ("POL101", 2), ("POL201", 2), ("POL101", 4)) == ["POL101:4"]


def test_pairs_in_pairs_and_across() -> None:
    text = """\
# poolint: disable[POL1]
# poolint: disable[POL1]
close()
# poolint: enable[POL1]
# poolint: disable[POL201]
close()
# poolint: enable[POL1]
close()
# poolint: enable[POL201]
close()
"""
    places = [(code, row) for row in (3, 6, 8, 10) for code in ("POL101", "POL201")]
    assert left(text, *places) == ["POL201:3", "POL101:8", "POL101:10", "POL201:10"]


FAULTS = {
    "# poolint: disable[POL101]\nclose()\n": ["1 no `enable[POL101]` stands behind it"],
    "close()\n# poolint: enable[POL101]\n": ["2 no `disable[POL101]` stands before it"],
    "# poolint: disable[POL101]\nclose()\n# poolint: enable[POL1]\n": [
        "1 no `enable[POL101]` stands behind it",
        "3 no `disable[POL1]` stands before it",
    ],
    "# poolint: disable\nclose()\n": ["1 it names no rule: `disable[POL101]`"],
    "# poolint: disable[]\nclose()\n": ["1 its brackets are empty"],
    "close()  # poolint: disable[POL101]\nclose()\n# poolint: enable[POL101]\n": [
        "1 what is for several rows stands on a row of its own, before them and behind them",
        "3 no `disable[POL101]` stands before it",
    ],
    "# poolint: disable[POL101]\nclose()\nclose()  # poolint: enable[POL101]\n": [
        "1 no `enable[POL101]` stands behind it",
        "3 what is for several rows stands on a row of its own, before them and behind them",
    ],
}


@pytest.mark.parametrize("text", FAULTS)
def test_one_without_the_other_silences_nothing_and_is_told(text: str) -> None:
    assert left(text, ("POL101", 1), ("POL101", 2)) == ["POL101:1", "POL101:2"]
    said = "POL904 this comment silences nothing: "
    expected = [one.replace(" ", f" {said}", 1) for one in FAULTS[text]]
    assert messages(text, ("POL101", 1), ("POL101", 2)) == expected


def test_what_it_silences_is_looked_for() -> None:
    assert messages(PAIR, ("POL101", 3)) == []
    assert messages(PAIR, ("POL101", 1), ("POL101", 6)) == ["2 POL902 `POL101` silences nothing up to line 5"]
    assert [one.code for one in told(PAIR, ran=frozenset({"POL201"}))] == [], "a rule that has not run tells nothing"
    unknown = PAIR.replace("POL101", "POL101, XYZ1")
    assert messages(unknown, ("POL101", 3)) == ["2 POL904 no rule has the code or name `XYZ1`"]


@pytest.mark.parametrize(
    ("codes", "after"),
    [
        ("POL101", "close()\n# pgbouncer ends them\nclose()\nclose()\nclose()\n"),
        ("POL201, POL101", PAIR.replace("POL101", "POL201")),
        ("POL201, POL101, POL201", PAIR.replace("POL101", "POL201")),
    ],
)
def test_the_fix_takes_it_out_of_both(codes: str, after: str) -> None:
    text = PAIR.replace("[POL101]", f"[{codes}]")
    [one] = told(text, ("POL201", 3))
    assert one.fix is not None
    source = Source.from_bytes("a.py", text.encode())
    assert apply_edits(source, one.fix.edits) == after
    if "POL201" in after:
        assert left(after, ("POL201", 3)) == []


def test_thousands_of_them_take_no_time() -> None:
    count = 3000
    text = "# poolint: disable[POL1]\n" * count + "close()\n" * count + "# poolint: enable[POL1]\n" * count
    places = [("POL101", count + row) for row in range(1, count + 1)]
    assert left(text, *places, ("POL201", count + 1)) == [f"POL201:{count + 1}"]
    assert told(text, *places) == []
