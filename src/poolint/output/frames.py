"""Code frames: source rows with their numbers, and under them marks that say what happens there."""

from __future__ import annotations

from poolint.output.text import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.diagnostics import Range
    from poolint.output.style import Style

WIDEST = 160
"""Longer lines are shown in part, round their first mark."""


class Mark:
    """A stretch to underline; the finding itself (``primary``) stands out from the steps that lead to it."""

    __slots__ = ("label", "primary", "range")

    def __init__(self, range: Range, label: str = "", primary: bool = False) -> None:
        self.range = range
        self.label = label
        self.primary = primary


def frame(lines: Sequence[str], marks: Sequence[Mark], context: int, gutter: int, paint: Style) -> Iterator[str]:
    """Draw the rows that ``marks`` stand on.

    ``context`` rows are shown round the primary mark, or round each when there is none; ``gutter`` is the width of the
    row numbers. Gaps longer than a row are left out.
    """
    by_row: dict[int, list[Mark]] = {}
    for mark in marks:
        by_row.setdefault(mark.range.start.row, []).append(mark)
    has_primary = any(mark.primary for mark in marks)
    rows: set[int] = set()
    for mark in marks:
        row = mark.range.start.row
        around = context if mark.primary or not has_primary else 0
        rows.update(range(max(row - around, 1), min(row + around, len(lines)) + 1))
    rows.update({row + 1 for row in rows if row + 2 in rows and row + 1 not in rows})
    bar = paint("blue", "|")
    empty = " " * gutter
    yield f"{empty} {bar}"
    last = 0
    for row in sorted(rows & set(range(1, len(lines) + 1))):
        if last and row > last + 1:
            yield paint("blue", "." * max(gutter, 3))
        last = row
        here = sorted(by_row.get(row, ()), key=lambda mark: (mark.range.start.column, mark.primary))
        line, begin = _window(lines[row - 1], here)
        text, cells = expand(line)
        yield f"{paint('blue', str(row).rjust(gutter))} {bar} {text}".rstrip()
        for mark in here:
            start, end = _cells(mark, row, begin, cells)
            colour, sign = ("red", "^") if mark.primary else ("blue", "-")
            under = paint(colour, f"{sign * max(end - start, 1)} {mark.label}".rstrip())
            yield f"{empty} {bar} {' ' * start}{under}"
    yield f"{empty} {bar}"


def _cells(mark: Mark, row: int, begin: int, cells: Sequence[int]) -> tuple[int, int]:
    """The first cell of a mark and the one after its last; a mark that goes on for rows ends with its first."""
    final = len(cells) - 1
    first = min(mark.range.start.column - 1 - begin, final)
    last = min(mark.range.end.column - 1 - begin, final) if mark.range.end.row == row else final
    return cells[first], cells[max(last, first)]


def _window(line: str, marks: Sequence[Mark]) -> tuple[str, int]:
    """The part of a line that is shown, and how many characters stand before it."""
    line = line.rstrip("\r\n")
    if len(line) <= WIDEST:
        return line, 0
    first = min((mark.range.start.column - 1 for mark in marks), default=0)
    begin = max(min(first, len(line)) - WIDEST // 4, 0)
    part = line[begin : begin + WIDEST]
    after = "\u2026" if begin + WIDEST < len(line) else ""
    return ("\u2026" + part + after, begin - 1) if begin else (part + after, 0)
