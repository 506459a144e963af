"""Comments that silence findings, taken apart.

``# poolint: ignore[POL101] reason``, ``# noqa: POL101`` for a row, ``# poolint: file-ignore[POL1]``, ``# flake8: noqa``
and ``# ruff: noqa: POL1`` for a file, ``# poolint: disable[POL101]`` for the rows up to ``# poolint: enable[POL101]``. A
comment may hold several, each behind a ``#`` of its own. It has to be a real comment: the same characters inside a string
say nothing. Every character is looked at a fixed number of times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from poolint.config import shown
from poolint.rules.renamed import current, met, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.text.source import Source

ALL = "ALL"
FORMS = ("ignore", "file-ignore", "disable", "enable")
"""The words that may stand behind ``poolint:``."""

_HOSTS = ("flake8", "ruff")


class Selector(msgspec.Struct, frozen=True):
    """One code, prefix of codes or name of a rule in a comment; ``start`` and ``end`` are columns from 0."""

    text: str
    start: int
    end: int

    def matches(self, code: str, name: str) -> bool:
        """Whether it means the rule with this code and name; unlike in settings, case does not matter."""
        upper = self.text.upper()
        return upper == ALL or code.startswith(upper) or (bool(name) and self.text.lower() == name)


class Directive(msgspec.Struct, frozen=True):
    """One comment, or part of one, that is to silence findings.

    ``selectors`` is None where it names none and so means all. It stands in ``row`` from the column ``start``, with its
    ``#``, to ``end``; ``rest`` is where the text behind it begins, ``stop`` where that ends: at the next ``#``, or with
    the comment. ``alone`` says that there is nothing but the comment in its row. ``rows`` are the first and the last
    that its row is joined to by strings and backslashes: flake8 honours a ``noqa`` for all of them. ``fault`` says what
    keeps it from silencing anything. ``side`` is ``disable`` or ``enable`` where it is one of a pair, and ``reason`` what
    stands behind it.
    """

    row: int
    start: int
    end: int
    rest: int
    stop: int
    selectors: tuple[Selector, ...] | None = None
    is_noqa: bool = False
    of_file: bool = False
    alone: bool = False
    rows: tuple[int, int] = (0, 0)
    fault: str = ""
    word: str = ""
    """What was written in place of one of :data:`FORMS`, where that is the fault."""
    side: str = ""
    reason: str = ""
    until: Directive | None = None
    """The ``enable`` that belongs to a ``disable``."""

    @property
    def last(self) -> int:
        """The row of that; 0 for what is none of a pair."""
        return self.until.row if self.until is not None else 0

    def matches(self, code: str, name: str) -> bool:
        """Whether it means the rule with this code and name."""
        if self.fault:
            return False
        return self.selectors is None or any(one.matches(code, name) for one in self.selectors)

    @property
    def texts(self) -> frozenset[str]:
        """What it names, in capitals."""
        return frozenset(one.text.upper() for one in self.selectors or ())


def directives(source: Source) -> list[Directive]:
    """All of them in a file, in order.

    Where the tokenizer of this Python gives up, which newer syntax can make it do, the rows that it has not seen are
    searched as text: a comment too many is better there than one that is not honoured.
    """
    import tokenize

    if not _may_hold(source.text):
        return []
    found: list[Directive] = []
    lines = iter(source.lines)
    reached, first = 0, 1
    pending: list[tuple[str, int, int]] = []

    def flush(last: int) -> None:
        for text, row, column in pending:
            alone = not source.lines[row - 1][:column].strip()
            found.extend(parse(text, row, column, alone, (min(first, row), max(last, row))))
        pending.clear()

    try:
        for kind, text, start, end, _ in tokenize.generate_tokens(lambda: next(lines, "")):
            reached = end[0]
            if kind == tokenize.COMMENT and _may_hold(text):
                pending.append((text, *start))
            elif kind in (tokenize.NEWLINE, tokenize.NL):
                flush(start[0])
                first = end[0] + 1
    except (tokenize.TokenError, SyntaxError):
        flush(reached)
        for row, line in enumerate(source.lines[reached:], reached + 1):
            column = line.find("#")
            if column >= 0 and _may_hold(line):
                found += parse(line[column:], row, column, not line[:column].strip(), (row, row))
    flush(reached)
    if table():
        found = [_of_today(one, source.path) for one in found]
    return _paired(found) if any(one.side for one in found) else found


def _of_today(comment: Directive, path: str) -> Directive:
    """A comment with the codes that rules have now."""
    selectors = []
    for one in comment.selectors or ():
        old = one.text.upper() if one.text.upper() in table() else one.text.lower()
        met(old, f"{shown(path)}:{comment.row}")
        selectors.append(replace(one, text=current(old)) if old in table() else one)
    return replace(comment, selectors=tuple(selectors)) if selectors else comment


def _paired(found: list[Directive]) -> list[Directive]:
    """Each ``disable`` with the ``enable`` of the same codes that follows it. Without the other either of them is at fault."""
    open_: dict[frozenset[str], list[int]] = {}
    paired = list(found)
    for number, one in enumerate(found):
        if not one.side or one.fault:
            continue
        waiting = open_.setdefault(one.texts, [])
        if one.side == "disable":
            waiting.append(number)
        elif waiting:
            begun = waiting.pop()
            paired[begun] = replace(found[begun], until=one)
        else:
            paired[number] = replace(one, fault=f"no `disable[{_listed(one)}]` stands before it")
    for number in (number for waiting in open_.values() for number in waiting):
        one = found[number]
        paired[number] = replace(one, fault=f"no `enable[{_listed(one)}]` stands behind it")
    return [one for one in paired if one.side != "enable" or one.fault]


def _listed(comment: Directive) -> str:
    return ", ".join(one.text for one in comment.selectors or ())


def _may_hold(text: str) -> bool:
    lower = text.lower()
    return "noqa" in lower or "poolint" in lower


def parse(comment: str, row: int, column: int, alone: bool, rows: tuple[int, int]) -> Iterator[Directive]:
    """What stands in one comment, which begins at ``column`` (from 0) of ``row``."""
    comment = comment.rstrip("\r\n")
    at = comment.find("#")
    while at >= 0:
        following = comment.find("#", at + 1)
        stop = following if following >= 0 else len(comment)
        found = _Reader(comment, at, stop).directive(alone)
        if found is not None:
            yield Directive(
                row,
                column + at,
                column + found.end,
                column + found.rest,
                column + stop,
                None
                if found.selectors is None
                else tuple(Selector(one.text, column + one.start, column + one.end) for one in found.selectors),
                found.is_noqa,
                found.of_file,
                alone,
                rows,
                found.fault,
                found.word,
                found.side,
                comment[found.rest : stop].strip().lstrip(":;,.-–— \t"),
            )
        at = following


class _Reader:
    """Reads what stands between one ``#`` and the next, from left to right and without a way back."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self.text = text
        self.start = start
        self.at = start + 1
        self.stop = stop

    def directive(self, alone: bool) -> Directive | None:
        """The directive that begins here, with columns that count from the beginning of the text."""
        self.space()
        word = self.word().lower()
        if word == "noqa":
            return self._made(self.listed(), is_noqa=True)
        if word in _HOSTS:
            self.space()
            if not self.took(":="):
                return None
            self.space()
            if self.word().lower() != "noqa":
                return None
            codes = self.listed()
            return self._made(codes, is_noqa=True, of_file=True, fault="" if alone else _NOT_ALONE)
        return self.ours(alone) if word == "poolint" else None

    def ours(self, alone: bool) -> Directive | None:
        """What stands behind the word ``poolint``."""
        self.space()
        has_colon = self.took(":")
        self.space()
        before = self.at
        form = self.word()
        end = self.at
        is_form = form.lower() in FORMS
        self.space()
        if not has_colon:
            # Prose may speak of poolint; only what can be nothing else is a mistake.
            if not is_form or self.peek() != "[":
                return None
            return self._made(None, fault="there is no colon behind `poolint`")
        if not is_form:
            self.at = end if end > before else self.at
            forms = [f"`{one}`" for one in FORMS]
            return self._made(None, fault=f"it is none of {', '.join(forms[:-1])} and {forms[-1]}", word=form)
        of_file = form.lower() == "file-ignore"
        side = form.lower() if form.lower() in ("disable", "enable") else ""
        if self.took("["):
            close = self.text.find("]", self.at, self.stop)
            if close < 0:
                return self._made(None, of_file=of_file, fault="its `[` is never closed")
            selectors = tuple(self.separated(close))
            self.at = close + 1
            fault = "" if selectors else "its brackets are empty"
        else:
            after = self.at
            while self.peek() and self.peek() in ":=(,":
                self.at += 1
                self.space()
            fault = f"codes stand in brackets: `{side or 'ignore'}[POL101]`" if _is_code(self.word()) else ""
            selectors = None
            self.at = end if not fault else max(after, self.at)
        if side and selectors is None:
            fault = fault or f"it names no rule: `{side}[POL101]`"
        if (of_file or side) and not alone:
            fault = fault or (_NOT_ALONE if of_file else _SIDE_NOT_ALONE)
        return replace(self._made(selectors, of_file=of_file, fault=fault), side=side)

    def separated(self, close: int) -> Iterator[Selector]:
        """What stands before ``close``, separated by blanks and commas."""
        start = self.at
        for at in range(self.at, close + 1):
            if at == close or self.text[at] == "," or self.text[at].isspace():
                if at > start:
                    yield Selector(self.text[start:at], start, at)
                start = at + 1

    def listed(self) -> tuple[Selector, ...] | None:
        """The codes behind ``noqa:``; the list ends at the first word that is none. None where there is none."""
        after = self.at
        self.space()
        if not self.took(":"):
            self.at = after
            return None
        found: list[Selector] = []
        end = self.at
        while True:
            while self.peek() and (self.peek() == "," or self.peek().isspace()):
                self.at += 1
            start = self.at
            while self.peek().isalpha() and self.peek().isascii():
                self.at += 1
            letters = self.at
            while self.peek().isdigit() and self.peek().isascii():
                self.at += 1
            is_code = start < letters < self.at or self._is_whole_prefix(start)
            if not is_code:
                break
            found.append(Selector(self.text[start : self.at], start, self.at))
            end = self.at
        self.at = end if found else after
        return tuple(found) or None

    def _is_whole_prefix(self, start: int) -> bool:
        following = self.peek()
        return self.text[start : self.at].upper() == "POL" and not (following.isalnum() or following == "_")

    def _made(
        self,
        selectors: tuple[Selector, ...] | None,
        *,
        is_noqa: bool = False,
        of_file: bool = False,
        fault: str = "",
        word: str = "",
    ) -> Directive:
        end = self.at
        return Directive(0, self.start, end, end, self.stop, selectors, is_noqa, of_file, fault=fault, word=word)

    def peek(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at] if self.at < self.stop else ""

    def took(self, characters: str) -> bool:
        """Whether the next character is one of these; it is behind us then."""
        if self.peek() and self.peek() in characters:
            self.at += 1
            return True
        return False

    def space(self) -> None:
        """Go on to the next character that is no blank."""
        while self.peek().isspace():
            self.at += 1

    def word(self) -> str:
        """The word that begins here, which may be empty."""
        start = self.at
        while self.peek() and (self.peek().isalnum() or self.peek() in "_-"):
            self.at += 1
        return self.text[start : self.at]


_NOT_ALONE = "what is for the whole file stands on a row of its own"
_SIDE_NOT_ALONE = "what is for several rows stands on a row of its own, before them and behind them"


def _is_code(word: str) -> bool:
    """Whether a word can only be meant as the code of a rule: ``POL1``, ``pol101``, ``XYZ101``."""
    letters = word.rstrip("0123456789")
    digits = len(word) - len(letters)
    if letters.upper() == "POL":
        return digits > 0 or word == "POL"
    return 0 < len(letters) <= 3 <= digits <= 4 and letters.isalpha() and letters.isupper()
