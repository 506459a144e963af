"""A JSON document read value by value, with where each stands, so that one of them can be written anew and no other byte is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANKS = re.compile(r"[ \t\r\n]*")


class Reader:
    """Goes through a document. ``at`` is where the next value begins or, once that is read, where it ends.

    Whoever goes through :meth:`members` or :meth:`items` reads the value of each before asking for the next. All raise
    ``JSONDecodeError``.
    """

    def __init__(self, document: str, at: int = 0) -> None:
        self.document = document
        self.at = at
        self._decode = json.JSONDecoder().raw_decode
        self._skip()

    def is_at(self, sign: str) -> bool:
        """Whether the next value begins so."""
        return self.document.startswith(sign, self.at)

    def value(self) -> object:
        """The next value."""
        found, self.at = self._decode(self.document, self.at)
        return found

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next."""
        self.at += 1
        if self._takes("}"):
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.document, self.at)
            self._must(":")
            yield key
            if self._takes("}"):
                return
            self._must(",")

    def items(self) -> Iterator[None]:
        """Stops at each item of the list that comes next."""
        self.at += 1
        if self._takes("]"):
            return
        while True:
            yield
            if self._takes("]"):
                return
            self._must(",")

    def end(self) -> None:
        """See to it that nothing follows."""
        self._skip()
        if self.at < len(self.document):
            raise json.JSONDecodeError("Extra data", self.document, self.at)

    def _skip(self) -> None:
        match = _BLANKS.match(self.document, self.at)
        if match is not None:
            self.at = match.end()

    def _takes(self, sign: str) -> bool:
        """Go on behind ``sign`` if that comes next; else to whatever does."""
        self._skip()
        if not self.document.startswith(sign, self.at):
            return False
        self.at += 1
        return True

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise json.JSONDecodeError(f"Expecting {sign!r} delimiter", self.document, self.at)
        self._skip()


def texts_in(document: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The texts in the list at ``start``, or the one that stands there, each with where it begins and ends."""
    reader = Reader(document, start)
    for _ in reader.items() if reader.is_at("[") else (None,):
        begin = reader.at
        yield str(reader.value()), begin, reader.at


def written(document: str, start: int, end: int, text: str) -> str:
    """``text`` in the place of the text, or the list of texts, from ``start`` to ``end``, written as that is: rows that were
    there before as they were, others with as many escapes, and the same between them."""
    before = list(texts_in(document, start))
    known = {one: document[begin:stop] for one, begin, stop in before}
    is_ascii = document.isascii() and "\\u" in document

    def quoted(one: str) -> str:
        return known.get(one) or json.dumps(one, ensure_ascii=is_ascii)

    if not document.startswith("[", start):
        return quoted(text)
    rows = [one for one in re.split(r"(?<=\n)", text) if one]
    if not before or not rows:
        return "[" + ", ".join(map(quoted, rows)) + "]"
    lead, tail = document[start : before[0][1]], document[before[-1][2] : end]
    between = document[before[0][2] : before[1][1]] if len(before) > 1 else "," + lead[1:]
    same = _same([one for one, _, _ in before], rows)
    left = _same([one for one, _, _ in reversed(before[same:])], rows[: same - 1 : -1] if same else rows[::-1])
    parts = [document[before[0][1] : before[same - 1][2]]] if same else []
    parts += map(quoted, rows[same : len(rows) - left])
    parts += [document[before[-left][1] : before[-1][2]]] if left else []
    return lead + between.join(parts) + tail


def _same(some: list[str], others: list[str]) -> int:
    """How many of two lists are the same from the first on."""
    return next(
        (at for at, (one, other) in enumerate(zip(some, others, strict=False)) if one != other),
        min(len(some), len(others)),
    )
