"""Code as a table of rows: its words coloured, the steps of a path marked and joined by a line from one to the next."""

from __future__ import annotations

import io
import keyword
import tokenize
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from poolint.output.text import expand, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.diagnostics import Range

WIDEST = 400
"""Longer rows are cut."""

ROW = 22
"""Height of a row, in pixels, as the style sheet has it: the line that joins the steps is drawn by it."""

_KINDS = {tokenize.STRING: "s", tokenize.COMMENT: "c", tokenize.NUMBER: "d"}
for _name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"):
    if hasattr(tokenize, _name):
        _KINDS[getattr(tokenize, _name)] = "s"


@dataclass(frozen=True)
class Mark:
    """A stretch of code and what happens there: the ``numbers`` of the steps (none for the place of the finding alone)."""

    range: Range
    labels: tuple[tuple[int, str], ...] = ()
    is_finding: bool = False


@dataclass
class Text:
    """The rows of a file, with the kinds of their words: stretches of columns (from 0) by row (from 1)."""

    lines: Sequence[str]
    kinds: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)


def read(lines: Sequence[str], is_python: bool = True) -> Text:
    """The rows, those of Python with their words coloured as far as they can be told apart."""
    text = Text(lines)
    if not is_python:
        return text
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(_ended(lines))).readline):
            kind = _KINDS.get(token.type, "")
            if token.type == tokenize.NAME:
                kind = "a" if token.string == "await" else "k" if keyword.iskeyword(token.string) else ""
            if not kind:
                continue
            (first, begin), (last, end) = token.start, token.end
            for row in range(first, last + 1):
                stop = end if row == last else len(lines[row - 1])
                text.kinds.setdefault(row, []).append((begin if row == first else 0, stop, kind))
    except (SyntaxError, IndexError, tokenize.TokenError):
        pass  # what is coloured so far is right
    return text


def _ended(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield line.rstrip("\r\n") + "\n"


def frame(text: Text, marks: Sequence[Mark], rows: Sequence[int], held: tuple[int, int] | None = None) -> Iterator[str]:
    """Some ``rows`` of a file in order, with what stands on them; ``held`` are the first and last over which a connection is
    held. Rows that are left out between two of them are shown as a gap."""
    drawn: list[str] = []
    stops: list[tuple[int, int]] = []
    before = 0
    for row in rows:
        if before and row > before + 1:
            drawn.append('<span class="row gap"><span class="no">⋯</span><span class="tx"></span></span>')
        before = row
        here = [mark for mark in marks if mark.range.start.row == row]
        across = [mark for mark in marks if mark.range.start.row <= row <= mark.range.end.row]
        classes = "row"
        if held and held[0] <= row <= held[1]:
            classes += " held"
        if any(mark.is_finding for mark in here):
            classes += " found"
        drawn.append(f'<span class="{classes}"><span class="no">{row}</span>{_row(text, row, across)}</span>')
        for mark in here:
            for number, label in mark.labels:
                stops.append((number, len(drawn)))
                indent = " " * min(_indent(text, row), 40)
                kind = "note found" if mark.is_finding else "note"
                if held and held[0] <= row <= held[1]:
                    kind += " held"
                drawn.append(
                    f'<span class="row {kind}"><span class="no"></span><span class="tx">{indent}'
                    f'<b class="step">{number}</b> {words(label)}</span></span>'
                )
    path = _path(sorted(stops))
    yield f'<div class="code" role="group" aria-label="Code" tabindex="0">{path}<code>'
    yield from drawn
    yield "</code></div>"


def _path(stops: Sequence[tuple[int, int]]) -> str:
    """A line from step to step, in the margin beside the rows that tell of them."""
    if len(stops) < 2:
        return ""
    height = (max(index for _, index in stops) + 1) * ROW
    curves = []
    for (_, one), (_, other) in pairwise(stops):
        start, end = one * ROW + ROW // 2, other * ROW + ROW // 2
        reach = min(4 + abs(other - one) * 2, 18)
        x = 22
        curves.append(f'<path d="M{x} {start}C{x - reach} {start} {x - reach} {end} {x} {end}"/>')
        tip = 4
        curves.append(f'<path class="tip" d="M{x - tip} {end - tip}L{x + 1} {end}L{x - tip} {end + tip}Z"/>')
    return f'<svg class="path" width="24" height="{height}" aria-hidden="true">{"".join(curves)}</svg>'


def _indent(text: Text, row: int) -> int:
    line, _ = expand(text.lines[row - 1][:WIDEST])
    return len(line) - len(line.lstrip())


def _row(text: Text, row: int, marks: Sequence[Mark]) -> str:
    """One row: where a mark or the kind of a word changes another element begins."""
    line = text.lines[row - 1].rstrip("\r\n")
    cut = len(line) > WIDEST
    line = line[:WIDEST]
    classes = [""] * len(line)
    for begin, end, kind in text.kinds.get(row, ()):
        classes[begin:end] = [kind] * (min(end, len(line)) - begin) if begin < len(line) else []
    classes = classes[: len(line)]
    marked = [""] * len(line)
    for mark in sorted(marks, key=lambda one: one.is_finding):
        begin = mark.range.start.column - 1 if row == mark.range.start.row else _blank(line)
        end = mark.range.end.column - 1 if row == mark.range.end.row else len(line)
        for column in range(begin, min(end, len(line))):
            marked[column] = "hit" if mark.is_finding else "at"
    # Tabs take the cells that they would take in the whole row.
    shown, cells = expand(line)
    pieces = _pieces(line, shown, cells)
    out = ['<span class="tx">']
    place = 0
    while place < len(line):
        stop = place
        while stop < len(line) and (classes[stop], marked[stop]) == (classes[place], marked[place]):
            stop += 1
        piece = escape("".join(pieces[place:stop]))
        if classes[place]:
            piece = f'<i class="{classes[place]}">{piece}</i>'
        out.append(f'<mark class="{marked[place]}">{piece}</mark>' if marked[place] else piece)
        place = stop
    return "".join(out) + ("…" if cut else "") + "</span>"


def _pieces(line: str, shown: str, cells: Sequence[int]) -> list[str]:
    """What each character of a line is drawn as."""
    return (
        [
            " " * (cells[index + 1] - cells[index]) if char == "\t" else expand(char)[0]
            for index, char in enumerate(line)
        ]
        if shown != line
        else list(line)
    )


def _blank(line: str) -> int:
    return len(line) - len(line.lstrip())


def plain(text: str) -> str:
    """Text as it stands, harmless in a page and inside the quotes of an attribute."""
    return escape(printable(text))


def words(text: str) -> str:
    """A sentence, in which what stands between backticks is code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(f"<code>{escape(part)}</code>" if number % 2 else escape(part) for number, part in enumerate(parts))
