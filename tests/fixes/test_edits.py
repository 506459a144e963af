"""Edits on rows: what they may touch, how they merge, and where places go."""

from __future__ import annotations

import pytest

from poolint.diagnostics import Edit, Position, Range
from poolint.fixes.edits import EditError, Merge, apply_edits, apply_to_rows, moved
from poolint.text.source import Source


def edit(start: tuple[int, int], end: tuple[int, int], content: str) -> Edit:
    return Edit(Range(Position(*start), Position(*end)), content)


TEXT = "äb\r\n\x0c\u2028cd\rno end"

APPLIED = {
    "nothing": ([], TEXT),
    "insertion": ([edit((1, 2), (1, 2), "X")], "äXb\r\n\x0c\u2028cd\rno end"),
    "replacement": ([edit((2, 3), (2, 4), "XY")], "äb\r\n\x0c\u2028XYd\rno end"),
    "deletion over rows": ([edit((1, 2), (3, 4), "")], "äend"),
    "all": ([edit((1, 1), (3, 7), "X")], "X"),
    "in any order": ([edit((3, 1), (3, 3), "X"), edit((1, 1), (1, 1), "Y")], "Yäb\r\n\x0c\u2028cd\rX end"),
    "side by side": ([edit((1, 1), (1, 2), "X"), edit((1, 2), (1, 3), "Y")], "XY\r\n\x0c\u2028cd\rno end"),
    "one place": ([edit((1, 1), (1, 1), "X"), edit((1, 1), (1, 1), "Y")], "XYäb\r\n\x0c\u2028cd\rno end"),
    "end": ([edit((3, 7), (3, 7), "\r")], TEXT + "\r"),
}


@pytest.mark.parametrize(("edits", "expected"), APPLIED.values(), ids=APPLIED)
def test_applying(edits: list[Edit], expected: str) -> None:
    source = Source.from_bytes("m.py", TEXT.encode())
    assert apply_edits(source, edits) == expected


def test_behind_the_last_row() -> None:
    assert apply_edits(Source.from_bytes("m.py", b"a\n"), [edit((2, 1), (2, 1), "b\n")]) == "a\nb\n"
    assert apply_edits(Source.from_bytes("m.py", b""), [edit((1, 1), (1, 1), "b\n")]) == "b\n"
    assert apply_edits(Source.from_bytes("m.py", b"a\nb\n"), [edit((1, 2), (3, 1), "")]) == "a"


@pytest.mark.parametrize(
    "edits",
    [
        [edit((1, 1), (1, 3), ""), edit((1, 2), (1, 2), "X")],
        [edit((1, 1), (2, 2), ""), edit((1, 3), (3, 1), "")],
        [edit((1, 3), (1, 1), "")],
        [edit((1, 9), (1, 9), "X")],
        [edit((5, 1), (5, 1), "X")],
        [edit((4, 2), (4, 2), "X")],
        [edit((0, 1), (1, 1), "X")],
        [edit((1, 0), (1, 1), "X")],
        [edit((1, 1), (9, 1), "X")],
    ],
)
def test_what_does_not_fit_is_an_error(edits: list[Edit]) -> None:
    with pytest.raises(EditError):
        apply_edits(Source.from_bytes("m.py", TEXT.encode()), edits)


def test_some_rows_of_a_file() -> None:
    assert apply_to_rows(["ab\n", "cd\n"], [edit((8, 2), (8, 2), "X")], first_row=7) == "ab\ncXd\n"
    with pytest.raises(EditError):
        apply_to_rows(["ab\n"], [edit((1, 1), (1, 1), "X")], first_row=7)


def test_merging() -> None:
    merge = Merge()
    one = (edit((1, 5), (1, 5), "("), edit((1, 9), (1, 9), ")"))
    assert merge.add(one)
    assert merge.add(one), "the very same fix is made once"
    assert merge.add((edit((1, 7), (1, 8), "X"),)), "between the parentheses"
    assert not merge.add((edit((1, 1), (1, 2), "X"), edit((1, 9), (1, 12), "")))
    assert not merge.add((edit((1, 5), (1, 5), "("),)), "nobody knows the order"
    assert not merge.add((edit((1, 8), (1, 8), ""),))
    assert not merge.add((edit((1, 1), (3, 1), ""),))
    assert merge.add((edit((2, 1), (2, 2), "Y"),))
    assert [one.content for one in merge.edits] == ["(", "X", ")", "Y"]


PLACES = {
    "before": ((1, 3), [edit((1, 4), (1, 4), "XX")], (1, 3)),
    "behind": ((1, 5), [edit((1, 4), (1, 4), "XX")], (1, 7)),
    "just there": ((1, 4), [edit((1, 4), (1, 4), "XX")], (1, 6)),
    "two": ((1, 9), [edit((1, 2), (1, 3), ""), edit((1, 4), (1, 4), "XX")], (1, 10)),
    "row above": ((2, 9), [edit((1, 2), (1, 3), "")], (2, 9)),
    "rows more": ((2, 9), [edit((1, 2), (1, 3), "a\r\nb\rc\n")], (5, 9)),
    "rows more in the row": ((1, 9), [edit((1, 2), (1, 3), "a\nbc")], (2, 9)),
    "rows less": ((3, 9), [edit((1, 5), (3, 2), "XX")], (1, 14)),
    "rows less, then more": ((3, 9), [edit((1, 5), (3, 2), "XX"), edit((3, 4), (3, 5), "Y\nZ")], (2, 6)),
}


@pytest.mark.parametrize(("place", "edits", "expected"), PLACES.values(), ids=PLACES)
def test_moving(place: tuple[int, int], edits: list[Edit], expected: tuple[int, int]) -> None:
    assert moved(Position(*place), edits) == Position(*expected)
    rows = ["".join(chr(0x4E00 + 64 * row + column) for column in range(20)) + "\n" for row in range(5)]
    text = Source.from_bytes("m.py", apply_to_rows(rows, edits).encode())
    assert text.lines[expected[0] - 1][expected[1] - 1] == rows[place[0] - 1][place[1] - 1]
