"""Putting edits into a text. Every character that no edit names stays what it was."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from poolint.diagnostics import Edit, Position, Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.text.source import Source

_NEWLINE = re.compile(r"\r\n|\r|\n")


class EditError(ValueError):
    """Edits that overlap, or that lie outside of the text."""


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """The text of ``source`` with ``edits`` made. Raises :class:`EditError`."""
    return apply_to_rows(source.lines, edits)


def edited(source: Source, edits: Sequence[Edit]) -> Source:
    """``source`` with ``edits`` made, a notebook's in the cells that they stand in.

    Raises :class:`EditError`, and :class:`~poolint.text.source.SourceError` where the text cannot be written.
    """
    if source.cells is None:
        return source.with_text(apply_edits(source, edits))
    from poolint.fixes.in_cells import edited_cells

    return edited_cells(source, edits)


def apply_to_rows(rows: Sequence[str], edits: Iterable[Edit], first_row: int = 1) -> str:
    """The rows joined, with ``edits`` made, where the first of ``rows`` is row ``first_row`` of the file.

    Insertions at one place come in the order in which they are given.
    """
    ordered = sorted(edits, key=lambda edit: edit.range)
    pieces: list[str] = []
    done = Position(first_row, 1)
    for edit in ordered:
        start, end = edit.range.start, edit.range.end
        if start < done or end < start:
            raise EditError(f"edits overlap in row {start.row}")
        pieces.append(_between(rows, first_row, done, start))
        pieces.append(edit.content)
        _between(rows, first_row, start, end)  # for its checks alone
        done = end
    pieces.append(_from(rows, first_row, done))
    return "".join(pieces)


def _between(rows: Sequence[str], first_row: int, start: Position, end: Position) -> str:
    after_last = first_row + len(rows)
    for place in (start, end):
        row = rows[place.row - first_row] if first_row <= place.row < after_last else ""
        if not first_row <= place.row <= after_last or not 1 <= place.column <= len(row) + 1:
            raise EditError(f"row {place.row} has no column {place.column}")
    if start.row == end.row:
        return rows[start.row - first_row][start.column - 1 : end.column - 1] if start < end else ""
    between = "".join(rows[start.row - first_row + 1 : end.row - first_row])
    last = rows[end.row - first_row][: end.column - 1] if end.row < after_last else ""
    return rows[start.row - first_row][start.column - 1 :] + between + last


def _from(rows: Sequence[str], first_row: int, start: Position) -> str:
    if start.row == first_row + len(rows):
        return ""
    return rows[start.row - first_row][start.column - 1 :] + "".join(rows[start.row - first_row + 1 :])


class Merge:
    """Gathers the edits of several fixes that can be made together."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []
        self._fixes: set[tuple[Edit, ...]] = set()

    def add(self, edits: tuple[Edit, ...]) -> bool:
        """Take in the edits of a fix, unless they touch those of another: then False, and nothing has changed.

        The very same fix, proposed by two findings, is made once.
        """
        if edits in self._fixes:
            return True
        if any(self._touches(edit.range) for edit in edits):
            return False
        for edit in edits:
            insort(self._edits, edit, key=lambda one: one.range)
        self._fixes.add(edits)
        return True

    def _touches(self, wanted: Range) -> bool:
        # What is gathered is disjoint and sorted, so only the neighbours matter. Touching counts: of two insertions at
        # one place nobody knows the order.
        index = bisect_left(self._edits, wanted.start, key=lambda one: one.range.end)
        return index < len(self._edits) and self._edits[index].range.start <= wanted.end

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits, sorted."""
        return tuple(self._edits)


def moved(place: Position, edits: Iterable[Edit]) -> Position:
    """Where a place that no edit replaces stands after disjoint ``edits``. An insertion just there moves it along."""
    added_rows = 0
    shifted_row, shift = 0, 0  # what follows the last edit in its own row has moved by as many columns
    for edit in sorted(edits, key=lambda one: one.range):
        start, end = edit.range.start, edit.range.end
        if place < end:
            break
        new_rows = _NEWLINE.split(edit.content)
        begin = start.column + (shift if shifted_row == start.row else 0) if len(new_rows) == 1 else 1
        shifted_row, shift = end.row, begin + len(new_rows[-1]) - end.column
        added_rows += len(new_rows) - 1 - (end.row - start.row)
    return Position(place.row + added_rows, place.column + (shift if shifted_row == place.row else 0))
