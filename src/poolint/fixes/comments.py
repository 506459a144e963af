"""Comments outlive what they were written beside: those in a text that edits take away are put in where it stood.

A comment at the end of a row goes to the end of what is written instead, and to a row of its own where nothing is; one
with a row of its own keeps one. This is worked out on the text as the edits leave it, and checked there.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import Counter
from io import StringIO
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from poolint.diagnostics import Edit, Position, Range
from poolint.text.scan import BrokenError, Scanner
from poolint.text.source import SourceError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.text.slices import Slice
    from poolint.text.source import Source

_BLANKS = " \t\f"
_ENDS = "\r\n"


class _Comment(NamedTuple):
    """A comment, by its place in a text; ``alone`` says that its row has nothing else."""

    start: int
    text: str
    alone: bool


class _Change(NamedTuple):
    """An edit by places in the old text, and where its content stands in the new one."""

    start: int
    end: int
    content: str
    new_start: int

    @property
    def new_end(self) -> int:
        return self.new_start + len(self.content)


def with_comments(edits: tuple[Edit, ...], piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """``edits`` of ``source``, extended by the comments of ``piece`` that they would lose.

    None where a comment has no place: then they are not to be made. Edits outside of the slice stay as they are.
    """
    rows = source.lines[piece.first_row - 1 : piece.last_row]
    inside = [
        one for one in edits if piece.first_row <= one.range.start.row and one.range.end.row <= piece.last_row + 1
    ]
    if not any("#" in text for one in inside for text in _rows_of(one, rows, piece.first_row)):
        return edits
    try:
        extended = _Extension(rows, piece.first_row, inside, "if 1:\n" if piece.has_header else "").edits()
    except (BrokenError, RecursionError):
        return None
    if extended is None:
        return None
    outside = [one for one in edits if one not in inside]
    return tuple(sorted([*outside, *extended], key=lambda one: one.range))


def _rows_of(edit: Edit, rows: Sequence[str], first_row: int) -> Sequence[str]:
    """The rows of which an edit takes something away."""
    where = edit.range
    return rows[where.start.row - first_row : where.end.row - first_row + 1] if where.start < where.end else ()


class _Text:
    """A text with its comments, and where rows begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        rows = list(StringIO(text, newline=""))
        self.starts = [0, *accumulate(map(len, rows))]
        if text and text[-1] not in _ENDS:
            self.starts.pop()  # nothing begins behind a last row without a newline
        tokens, _ = Scanner(text).tokens(0)
        self.comments = [
            _Comment(one.start, text[one.start : one.end].rstrip(), not self._before(one.start).strip(_BLANKS))
            for one in tokens
            if one.kind == "comment"
        ]
        self._closed = [
            (one.start, one.end)
            for one in tokens
            if one.kind == "string" or (one.kind == "blank" and text[one.start] == "\\")
        ]

    def _before(self, place: int) -> str:
        return self.text[self.row_start(place) : place]

    def row_start(self, place: int) -> int:
        """Where the row of a place begins."""
        return self.starts[bisect_right(self.starts, place) - 1]

    def row_end(self, place: int) -> int:
        """Where the row of a place ends, before its newline."""
        index = bisect_right(self.starts, place)
        stop = self.starts[index] if index < len(self.starts) else len(self.text)
        return max(place, self.row_start(place) + len(self.text[self.row_start(place) : stop].rstrip(_ENDS)))

    def is_open(self, place: int) -> bool:
        """Whether a row may begin or end here: neither within a string nor behind a backslash."""
        index = bisect_right(self._closed, (place, -1)) - 1
        if index >= 0 and self._closed[index][1] >= place > self._closed[index][0]:
            start, end = self._closed[index]
            return self.text[start] != "\\" and place == end
        return self.text[place : place + 1] != "\\"

    def lead(self, place: int) -> str:
        """What the row of a place begins with, blanks and tabs."""
        row = self.text[self.row_start(place) : self.row_end(place)]
        return row[: len(row) - len(row.lstrip(_BLANKS))]

    def lead_behind(self, place: int) -> str:
        """The indentation of the first row from ``place`` on that is neither blank nor a comment."""
        for start in self.starts[bisect_right(self.starts, place - 1) :]:
            row = self.text[start : self.row_end(start)].strip(_BLANKS)
            if row and not row.startswith("#"):
                return self.lead(start)
        return ""


class _Extension:
    def __init__(self, rows: Sequence[str], first_row: int, edits: Sequence[Edit], header: str) -> None:
        self.first_row = first_row
        self.header = header
        self.row_starts = [0, *accumulate(map(len, rows))]
        self.old = _Text("".join(rows))
        self.changes = self._changes(edits)
        self.new = _Text(_applied(self.old.text, self.changes))
        self.insertions: list[tuple[int, str]] = []

    def _changes(self, edits: Sequence[Edit]) -> list[_Change]:
        found, shift = [], 0
        for one in sorted(edits, key=lambda edit: edit.range):
            start, end = self._offset(one.range.start), self._offset(one.range.end)
            found.append(_Change(start, end, one.content, start + shift))
            shift += len(one.content) - (end - start)
        return found

    def _offset(self, place: Position) -> int:
        return self.row_starts[place.row - self.first_row] + place.column - 1

    def _position(self, offset: int) -> Position:
        index = bisect_right(self.row_starts, offset) - 1
        return Position(self.first_row + index, offset - self.row_starts[index] + 1)

    def edits(self) -> list[Edit] | None:
        """The edits with what they would lose, None where that cannot be."""
        lost = Counter(one.text for one in self.old.comments) - Counter(one.text for one in self.new.comments)
        wanted = lost.copy()
        for change in self.changes:
            found = [
                one for one in self.old.comments if change.start <= one.start < change.end and wanted[one.text] > 0
            ]
            wanted.subtract(one.text for one in found)
            if found and not self._place(change, found):
                return None
        if any(count > 0 for count in wanted.values()):
            return None
        extended = self._extended()
        text = _applied(self.old.text, extended)
        return self._as_edits(extended) if self._is_right(text, lost) else None

    def _place(self, change: _Change, found: Sequence[_Comment]) -> bool:
        """Say where the comments of one change are to stand in the new text; False where they cannot."""
        new, place = self.new, change.new_end
        newline = self._newline(change.start)
        starts_row = change.new_start == new.row_start(change.new_start)
        if starts_row and place == new.row_start(place) and (place < len(new.text) or not self._is_rewritten(change)):
            lead = max(self._old_lead(change), new.lead_behind(place), key=len)
            self.insertions.append((place, "".join(lead + one.text + newline for one in found)))
            return True
        if place == len(new.text) and self.old.text[change.start] in _ENDS:  # the end of a file without a newline
            lead = self._old_lead(change)
            self.insertions.append((place, "".join(newline + lead + one.text for one in found)))
            return True
        above = [one for one in found if one.alone]
        behind = [one for one in found if not one.alone]
        end = new.row_end(place)
        if not new.is_open(end):
            above, behind = list(found), []
        if behind:
            self.insertions.append((end, "".join(f"  {one.text}" for one in behind)))
        start = new.row_start(change.new_start)
        while start and not new.is_open(start):
            start = new.row_start(start - 1)
        if above:
            lead = new.lead(start)
            self.insertions.append((start, "".join(lead + one.text + newline for one in above)))
        return True

    def _is_rewritten(self, change: _Change) -> bool:
        return bool(change.content) and change.content[-1] not in _ENDS

    def _old_lead(self, change: _Change) -> str:
        """The indentation of the first row with anything in it that a change takes away."""
        text = self.old.text[change.start : change.end]
        return self.old.lead(change.start + len(text) - len(text.lstrip(_BLANKS + _ENDS)))

    def _newline(self, place: int) -> str:
        text = self.old.text
        for end in (self.old.row_end(place), self.old.row_end(0)):
            if text[end : end + 2] == "\r\n":
                return "\r\n"
            if text[end : end + 1]:
                return text[end]
        return "\n"

    def _extended(self) -> list[_Change]:
        """The changes with the insertions: in the content of one where they fall into it, else by themselves."""
        contents = [one.content for one in self.changes]
        added: list[_Change] = []
        for place, text in sorted(self.insertions, key=lambda one: one[0], reverse=True):
            index = next((n for n, one in enumerate(self.changes) if one.new_start <= place <= one.new_end), None)
            if index is not None:
                at = place - self.changes[index].new_start
                contents[index] = contents[index][:at] + text + contents[index][at:]
                continue
            before = [one for one in self.changes if one.new_end < place]
            old = place - before[-1].new_end + before[-1].end if before else place
            if added and added[-1].start == old:
                text += added.pop().content
            added.append(_Change(old, old, text, 0))
        kept = [one._replace(content=content) for one, content in zip(self.changes, contents, strict=True)]
        return sorted([*kept, *added], key=lambda one: (one.start, one.end))

    def _is_right(self, text: str, lost: Counter[str]) -> bool:
        """Whether the text has each comment again, and means what it did without them."""
        # A comment put behind another has become a part of it.
        found = "\n".join(one.text for one in _Text(text).comments)
        kept = Counter(one.text for one in self.new.comments)
        if any(found.count(one) < kept[one] + count for one, count in lost.items()):
            return False
        try:
            return ast.dump(parse(self.header + text)) == ast.dump(parse(self.header + self.new.text))
        except SourceError:
            return False

    def _as_edits(self, changes: Iterable[_Change]) -> list[Edit]:
        return [Edit(Range(self._position(one.start), self._position(one.end)), one.content) for one in changes]


def _applied(text: str, changes: Iterable[_Change]) -> str:
    pieces, done = [], 0
    for one in changes:
        pieces += [text[done : one.start], one.content]
        done = one.end
    return "".join([*pieces, text[done:]])
