"""A text without the bodies of its functions, for modules of which somebody asks for a name or two.

Of a module that is only imported four functions of five are never looked into. Python's parser takes a text as a whole,
so the bodies are cut out before it sees them, and parsed one by one when they are asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from poolint.text.source import SourceError, parse

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

WORTH = 100
"""Characters of a body from which on it is worth to be cut out."""

_DEFINITION = re.compile(r"\n( *)(?:async +)?def +\w+ *")
_PLAIN_HEADER = re.compile(r"\([^()\n#\"'\[\]{}]*\) *(?:-> *[\w.]+ *)?:")
_END_OF_ROW = re.compile(r" *(?:#[^\n]*)?\n")
_STRING = (
    r"\"\"\"[^\"\\]*(?:(?:\\.|\"(?!\"\"))[^\"\\]*)*(?:\"\"\")?|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:''')?"
    r"|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
)
"""One that does not end goes on to where the row does, or the text: no parser takes that."""
_PART_OF_HEADER = re.compile(rf"{_STRING}|#[^\n]*|[()\[\]{{}}:]", re.DOTALL)
_OPAQUE = re.compile(rf"#[^\n]*|{_STRING}", re.DOTALL)
"""What may hold anything: comments and strings."""
_AT_ONCE = ("global ", "nonlocal ")
"""What makes a body matter to the scopes around it."""
_ODD = ("\t", "\r", "\f")
"""Blanks by which rows may be indented in ways that are not told apart here."""


class Body(NamedTuple):
    """The statements of a function, as text: the row of the first of them, from 1, and the rows themselves, whole."""

    row: int
    text: str

    def may_have(self, word: str) -> bool:
        """Whether a word may stand in it: Python reads some letters that are not ASCII for others."""
        return word in self.text or not self.text.isascii()

    def assigns(self, first: str) -> bool:
        """Whether it may assign an attribute of what has a name: surely not where this says so."""
        return not self.text.isascii() or (f"{first}." in self.text and _may_assign(self.text, first))

    @property
    def end(self) -> int:
        """The row in which they end, but for comments."""
        rows = self.text.rstrip().split("\n")
        while len(rows) > 1 and (not (row := rows[-1].strip()) or row.startswith("#")):
            rows.pop()
        return self.row + len(rows) - 1

    def parsed(self) -> list[ast.stmt]:
        """The statements, each where it stands in the file. Raises :class:`SourceError`."""
        tree = parse("\n" * (self.row - 2) + "if 1:\n" + self.text)
        return tree.body[0].body  # type: ignore[attr-defined,no-any-return]


class Skeleton(NamedTuple):
    """The tree of a text in which each body that was cut out is one constant, and these bodies by the row of their
    ``def``."""

    tree: ast.Module
    bodies: dict[int, Body]


def skeleton(text: str) -> Skeleton | None:
    """The skeleton of a text; None where there is nothing to cut out, or no telling where it ends."""
    if "def " not in text or any(one in text for one in _ODD):
        return None
    kept, bodies = _cut(text)
    if not bodies:
        return None
    try:
        return Skeleton(parse(kept), bodies)
    except SourceError:
        return None  # a row that goes on within brackets is less indented than its block


def _cut(text: str) -> tuple[str, dict[int, Body]]:
    """A text without its bodies, each of its rows in its place, and the bodies by the rows of the definitions."""
    spans = list(_spans(text))
    starts = [start for start, _ in spans]
    kept: list[str] = []
    bodies: dict[int, Body] = {}
    done, row, counted = 0, 1, 0
    at = 0
    while (match := _DEFINITION.search(text, at)) is not None:
        start, at = match.start() + 1, match.end()
        if _around(start, starts, spans) is not None:
            continue
        header = _end_of_header(text, match.end())
        first = _END_OF_ROW.match(text, header) if header >= 0 else None
        if first is None:
            continue
        end = _end_of_block(text, first.end(), len(match[1]), starts, spans)
        body, at = text[first.end() : end], end - 1
        if len(body) < WORTH or any(one in body for one in _AT_ONCE) or body.rstrip("\n").endswith("\\"):
            continue  # with all functions in it: who asks for what these assign would not know of them
        row += text.count("\n", counted, start)
        counted = start
        top = row + text.count("\n", start, first.end())
        bodies[row] = Body(top, body)
        kept += [text[done:header], " 0", "\n" * (text.count("\n", header, end))]
        done = end
    kept.append(text[done:])
    return "".join(kept), bodies


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where strings of several rows begin and end."""
    if '"""' in text or "'''" in text or "\\\n" in text:
        for match in _OPAQUE.finditer(text):
            if "\n" in match[0]:
                yield match.span()


def _around(offset: int, starts: list[int], spans: list[tuple[int, int]]) -> int | None:
    """The end of the string that an offset stands in."""
    index = bisect_right(starts, offset) - 1
    return spans[index][1] if index >= 0 and offset < spans[index][1] else None


def _end_of_header(text: str, offset: int) -> int:
    """Where the colon ends that ends a header whose name ends at ``offset``; -1 where there is none."""
    plain = _PLAIN_HEADER.match(text, offset)
    if plain is not None:
        return plain.end()
    depth = 0
    for part in _PART_OF_HEADER.finditer(text, offset):
        character = part[0]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ":" and not depth:
            return part.end()
        if depth < 0:
            break
    return -1


def _end_of_block(text: str, start: int, indent: int, starts: list[int], spans: list[tuple[int, int]]) -> int:
    """Where the row begins, after ``start``, that is indented by no more than ``indent`` and belongs to no string."""
    outer, offset = _outer_row(indent), start - 1
    while (found := outer.search(text, offset)) is not None:
        inside = _around(found.start(), starts, spans)
        if inside is None:
            return found.start() + 1
        offset = inside - 1
    return len(text)


_CLOSED = re.compile(r"[)\]][ ]*=(?!=)")
_ITEMS_BEFORE = re.compile(r" *[(\[*]*")
_BLANKS = re.compile(r" *")


@cache
def _assigning(first: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds an assignment to an attribute of what has a name, or what may be part of one: an item of a tuple, a
    target of ``for``; and targets of ``with``. The name comes first, since that is searched for fast."""
    name = re.escape(first)
    return (
        re.compile(rf"{name}(?<!\w{name})\.\w+(?:[)\]]*(?:[\s\\]*=(?!=)|[ ]+in\b)|[ ]*(?:(?P<colon>:)|(?P<comma>,)))"),
        re.compile(rf"as(?<!\was)[ ]*(?:[(\[]|\b{name}\.)"),
    )


def _may_assign(text: str, first: str) -> bool:
    """Whether an attribute of what has a name may be assigned in a text. Tuples may take several rows."""
    own, entered = _assigning(first)
    for match, row in _with_rows(own, text):
        if match["colon"] is None and match["comma"] is None:
            return True
        start = match.start()
        if _ITEMS_BEFORE.fullmatch(text, row, start) is not None:
            return True
        if match["comma"] is not None and _follows_comma(text, start):
            return True
    if entered.search(text) is not None:
        return True
    return any(_BLANKS.fullmatch(text, row, match.start()) for match, row in _with_rows(_CLOSED, text))


def _with_rows(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], int]]:
    """What is found in a text, each with where its row begins."""
    row = seen = 0
    for match in pattern.finditer(text):
        row = text.rfind("\n", seen, match.start()) + 1 or row
        seen = match.start()
        yield match, row


def _follows_comma(text: str, offset: int) -> bool:
    """Whether an item of a tuple may begin at an offset: behind a comma, maybe starred."""
    offset -= text[offset - 1] == "*"
    while text[offset - 1] == " ":
        offset -= 1
    return text[offset - 1] == ","


@cache
def _outer_row(indent: int) -> re.Pattern[str]:
    """What finds rows, but for empty ones and comments, that are indented by no more than ``indent``."""
    return re.compile(rf"\n {{0,{indent}}}[^ \n#]")
