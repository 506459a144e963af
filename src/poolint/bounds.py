"""How much of a data file is read: what a reader can take of size, depth and expansion, found out before it is tried.

A file of 50 000 opening brackets ends a parser and the process with it, aliases of aliases and variables that double
themselves fill any memory. Nobody writes such a file to be read; all readers of settings and deployment files hold to
these bounds, name a file that is over one of them, and leave it out.
"""

from __future__ import annotations

import re

MAX_BYTES = 1_000_000
"""Bytes of a deployment file, of settings and of a model; larger files are data."""

MAX_DEPTH = 100
"""How deep lists and tables may stand in each other."""

MAX_NODES = 200_000
"""Values in a document, those written out that aliases stand for."""

MAX_DOCUMENTS = 1_000
"""Documents in a file."""

MAX_ROWS = 10_000
"""Rows of a Dockerfile: its reader puts continued ones together one by one."""

MAX_TEXT = 100_000
"""Characters of a text when its variables are replaced."""

MAX_UNITS = 1_000
"""Services, process types and containers in one deployment."""

MAX_COMMANDS = 1_000
"""Commands that one unit leads to, through scripts that call scripts."""

MAX_VARIABLES = 200_000
"""Environment variables, over all services, containers and commands that they are set for."""

MAX_SCRIPTS = 1_000_000
"""Characters of command lines and scripts that are taken apart for a repository."""

MAX_DIGITS = 18
"""Digits of a number. Larger ones count nothing that there is."""

MAX_PROBLEMS = 20
"""What is shown of a file; the rest is a number."""

MOST_LOADED = 8_000_000
"""Bytes of source that are kept parsed, with all that was learned of them: some 50 times as much memory."""

SLACK = 1.5
"""How much more source than that is kept parsed where all that there is to check is not more: what would be let go of shortly
before the end had to be read again."""

MAX_CACHE = 256_000_000
"""Bytes that are kept for later runs in one directory. A tree of a million lines takes a tenth."""

MAX_CACHE_FILES = 32
"""Files in which they are kept in one directory: two for each set of settings."""

MAX_CACHED_TEXT = 64_000_000
"""Bytes of sources that are kept as they were, to tell what a change has altered."""


class OverBoundError(ValueError):
    """Something is over a bound; the text says what, ``row`` where in the file, from 1, or 0 where that is not known."""

    def __init__(self, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.row = row


class Allowance:
    """How much may be made of what is small where it is written. ``what`` names it in an error."""

    def __init__(self, most: int, what: str) -> None:
        self._most = self._left = most
        self._what = what

    def spend(self, count: int) -> None:
        """Take some of it. Raises :class:`OverBoundError` when more was taken than there is."""
        self._left -= count
        if self._left < 0:
            raise OverBoundError(f"{self._what} come to more than {grouped(self._most)}")


def whole(text: str) -> int | None:
    """A text as a whole number from 0; None for what is none, and for one of more than ``MAX_DIGITS`` digits."""
    text = text.strip()
    return int(text) if len(text) <= MAX_DIGITS and text.isdecimal() else None


def clipped(value: object) -> str:
    """A value as it would be written in code, but no more of it than fits on a line."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{value[:40]!r}… ({grouped(len(value))} characters)"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a value that is too large to be shown"
    return text if len(text) <= 60 else f"{text[:40]}…"


def grouped(number: int) -> str:
    """``1 000 000``."""
    return f"{number:,}".replace(",", " ")


_TOKEN = r"""(?s)
    (?P<text>\"\"\"(?:[^\\\"]|\\(?:.|\Z)|\"(?!\"\"))*(?:\"{3,5}|\Z)|'''(?:[^']|'(?!''))*(?:'{3,5}|\Z)
      |\"(?:[^\\\"\n]|\\.)*\"?|'[^'\n]*'?)
    |(?P<comment>\#[^\n]*)
    |(?P<word>[^\s\"'\#\[\]{}=,.]+)
    |(?P<sign>[\[\]{}=,.\n])
    """
_NUMBER = r"[+-]?\d[\d_]*"


def check_toml(text: str) -> None:
    """Refuse TOML that its readers die of: they go down into themselves for what stands in each other.

    Raises :class:`OverBoundError` that names the key.
    """
    if len(text) > MAX_BYTES:
        raise OverBoundError(f"it has more than {grouped(MAX_BYTES)} characters")
    depth = dots = begin = 0
    key = table = ""
    has_key = False
    for match in re.finditer(_TOKEN, text, re.VERBOSE):
        sign = match["sign"]
        if sign is None:
            word = match["word"]
            if word and len(word) > MAX_DIGITS and (number := re.match(_NUMBER, word)) and number.end() > 300:
                count = grouped(sum(char.isdigit() for char in number[0]))
                raise OverBoundError(f"{_named(table, key)} is a number of {count} digits", _row(text, match.start()))
            continue
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth = max(depth - 1, 0)
        elif sign == "=" and not depth and not has_key:
            key, has_key = text[begin : match.start()].strip(), True
        if sign == ".":
            dots += 1
        if depth > MAX_DEPTH or dots > MAX_DEPTH:
            what = _named(table, key if has_key else text[begin : min(match.start(), begin + 100)].strip())
            raise OverBoundError(f"{what} is nested more than {MAX_DEPTH} deep", _row(text, match.start()))
        if sign == "\n" and not depth:
            line = "" if has_key else text[begin : match.start()].strip()
            if line.startswith("["):
                table = line[: line.rfind("]") + 1]
            begin, key, has_key = match.end(), "", False
        if sign in ",={[\n":
            dots = 0


def _named(table: str, key: str) -> str:
    where = f"{table} " if 0 < len(table) <= 100 else ""
    return f"{where}{clipped(key)}" if key else f"{where}a table" if not where else where.strip()


def _row(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
