"""Rows that move: indented, taken out and put in by position. No statement is ever written again.

Rows that begin inside a string keep every character. Continuation rows shift with the row that they continue; comments
that stand further out than what moves stay where they are.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from poolint.diagnostics import Edit, Position, Range
from poolint.text.scan import BrokenError, Scanner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.text.source import Source

_LEAD = re.compile(r"(?:[ \t]*\f)*([ \t]*)")
_ENDING = re.compile(r"\r\n|\r|\n")


class Refused(Exception):
    """A guard has said no: carrying out the plan here could do more, or something else, than it says."""


class Layout:
    """What is to happen to the rows ``first_row`` to ``last_row`` of a source, as :meth:`edits` in the end."""

    def __init__(self, source: Source, first_row: int, last_row: int) -> None:
        self.source = source
        self.first_row = first_row
        self.last_row = last_row
        self._inside_strings = _inside_strings(source.lines[first_row - 1 : last_row], first_row)
        self._rows: dict[int, str] = {}
        self._deleted: set[int] = set()
        self._inserted: dict[int, list[str]] = {}
        self._edits: list[Edit] = []

    # Asking.

    def row(self, number: int) -> str:
        """The text of a row as it is by now."""
        return self._rows.get(number, self.source.lines[number - 1])

    def indentation(self, number: int) -> str:
        """The blanks and tabs that a row of the source begins with; a form feed starts anew."""
        return indentation(self.source.lines[number - 1])

    def is_blank(self, number: int) -> bool:
        """Whether a row is empty, and not a part of a string; a form feed is not nothing."""
        return not self.source.lines[number - 1].strip(" \t\r\n") and number not in self._inside_strings

    def is_comment(self, number: int) -> bool:
        """Whether a row has nothing but a comment."""
        return self.source.lines[number - 1].lstrip().startswith("#") and number not in self._inside_strings

    def begins_alone(self, place: Position) -> bool:
        """Whether nothing but blanks stands before a place in its row."""
        return place.row not in self._inside_strings and not self.source.lines[place.row - 1][: place.column - 1].strip(
            " \t\f"
        )

    def rest(self, place: Position) -> str:
        """What stands behind a place in its row, blanks apart: empty, a comment, or something in the way."""
        return self.source.lines[place.row - 1][place.column - 1 :].strip(" \t\f\r\n")

    # Changing.

    def indent(self, rows: Iterable[int], base: str, unit: str) -> None:
        """Shift rows whose statements are indented by ``base`` inwards by ``unit``."""
        for number, lead in self._movable(rows):
            if lead.startswith(base):
                self._replace_lead(number, len(base), 0, unit)
            elif not self.is_comment(number):
                self._replace_lead(number, _shared(lead, base), 0, unit)

    def dedent(self, rows: Iterable[int], inner: str, outer: str) -> None:
        """Shift rows whose statements are indented by ``inner`` outwards, to ``outer``."""
        if not inner.startswith(outer):
            raise Refused("indentation that cannot be told apart")
        surplus = inner[len(outer) :]
        for number, lead in self._movable(rows):
            if lead.startswith(inner):
                self._replace_lead(number, len(outer), len(surplus), "")
            elif not self.is_comment(number) and lead.endswith(surplus):
                self._replace_lead(number, len(lead) - len(surplus), len(surplus), "")

    def delete(self, rows: Iterable[int]) -> None:
        """Take rows out."""
        self._deleted.update(rows)

    def insert(self, before: int, texts: Iterable[str]) -> None:
        """Put rows in before row ``before``; their texts come without a newline."""
        self._inserted.setdefault(before, []).extend(texts)

    def rewrite(self, number: int, text: str) -> None:
        """Give a row, which still has its newline, another text behind its indentation."""
        row = self.row(number)
        start = len(row) - len(row.lstrip(" \t\f"))
        self._rows[number] = row[:start] + text + row[len(row.rstrip("\r\n")) :]

    def replace(self, where: Range, text: str) -> None:
        """Replace a few characters of rows that do not move."""
        self._edits.append(Edit(where, text))

    def moved_text(self, rows: Iterable[int], base: str, new: str) -> list[str]:
        """The texts of rows indented by ``base`` as they read when they stand elsewhere, without newlines."""
        found = []
        for number in rows:
            text = _ENDING.sub("", self.source.lines[number - 1])
            lead = indentation(text)
            if number not in self._inside_strings and text.strip():
                text = new + lead.removeprefix(base) + text.lstrip(" \t\f")
            found.append(text)
        return found

    # The outcome.

    def edits(self) -> tuple[Edit, ...]:
        """All that has been asked for, as few characters as possible."""
        found = [*self._edits, *self._deletions(), *self._insertions()]
        for number, text in self._rows.items():
            if number not in self._deleted and text != self.source.lines[number - 1]:
                found.append(_difference(number, self.source.lines[number - 1], text))
        return tuple(sorted(found, key=lambda one: one.range))

    def _deletions(self) -> Iterator[Edit]:
        for _, run in groupby(enumerate(sorted(self._deleted)), lambda one: one[1] - one[0]):
            rows = [number for _, number in run]
            first, last = rows[0], rows[-1]
            if last >= self.last_row or self.is_blank(last + 1):
                # Blank rows on both sides would now stand together.
                while first - 1 > self.first_row and self.is_blank(first - 1):
                    first -= 1
            if _ENDING.search(self.source.lines[last - 1]):
                yield Edit(Range(Position(first, 1), Position(last + 1, 1)), "")
            else:
                yield self._deletion_at_end(first, last)

    def _deletion_at_end(self, first: int, last: int) -> Edit:
        """Take out the last rows of a file that does not end in a newline, and put in what comes there instead."""
        end = Position(last, len(self.source.lines[last - 1]) + 1)
        texts = self._inserted.pop(last + 1, None)
        if texts is not None:
            return Edit(Range(Position(first, 1), end), self._newline(first - 1).join(texts))
        before = self.source.lines[first - 2]
        return Edit(Range(Position(first - 1, len(before.rstrip("\r\n")) + 1), end), "")

    def _insertions(self) -> Iterator[Edit]:
        for before, texts in self._inserted.items():
            newline = self._newline(before - 1)
            text = "".join(one + newline for one in texts)
            place = Position(before, 1)
            last = self.source.lines[before - 2]
            if not _ENDING.search(last):  # the end of a file without a newline
                place, text = Position(before - 1, len(last) + 1), newline + text[: -len(newline)]
            yield Edit(Range(place, place), text)

    def _newline(self, number: int) -> str:
        """The newline of a row, or else that of the nearest one before it."""
        for row in self.source.lines[number - 1 :: -1]:
            found = _ENDING.search(row)
            if found is not None:
                return found.group()
        return "\n"

    # Within.

    def _movable(self, rows: Iterable[int]) -> Iterator[tuple[int, str]]:
        for number in rows:
            text = self.row(number)
            if text.strip() and number not in self._inside_strings and number not in self._deleted:
                yield number, indentation(text)

    def _replace_lead(self, number: int, kept: int, dropped: int, text: str) -> None:
        row = self.row(number)
        match = _LEAD.match(row)
        assert match is not None
        place = match.start(1) + kept
        self._rows[number] = row[:place] + text + row[place + dropped :]


def indentation(text: str) -> str:
    """The blanks and tabs that a row begins with, behind its last form feed if it has any."""
    match = _LEAD.match(text)
    assert match is not None
    return match[1]


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)


def _inside_strings(rows: list[str], first_row: int) -> frozenset[int]:
    """The rows that begin inside a string, f-strings with all that stands in their braces included."""
    text = "".join(rows)
    try:
        tokens, _ = Scanner(text).tokens(0)
    except (BrokenError, RecursionError):
        raise Refused("tokens that cannot be told apart") from None
    found = set()
    number, offset = first_row, 0
    starts = iter([token for token in tokens if token.kind == "string"])
    token = next(starts, None)
    for row in rows:
        while token is not None and token.end <= offset:
            token = next(starts, None)
        if token is not None and token.start < offset:
            found.add(number)
        offset += len(row)
        number += 1
    return frozenset(found)


def _difference(number: int, old: str, new: str) -> Edit:
    """The edit that makes one row of another; what they begin and end with stays."""
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    return Edit(
        Range(Position(number, start + 1), Position(number, len(old) - end + 1)),
        new[start : len(new) - end],
    )
