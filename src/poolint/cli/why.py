"""``poolint why FILE:LINE``: what poolint knows at one line, and why it says something there, or nothing."""

from __future__ import annotations

import os
import sys

from poolint.cli.rows import in_cell, in_words, notebook_at, wrote
from poolint.config import ConfigError, Resolver
from poolint.files import is_notebook
from poolint.output.style import Style, wants_color
from poolint.output.text import expand, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.explain.report import Explanation, HeldOver, Obligation
    from poolint.text.source import Source


def why(wanted: str, output_format: str, resolver: Resolver) -> int:
    """Explain the line ``wanted``, written FILE:LINE or, in a notebook, FILE:cell CELL:LINE. Raises ``ConfigError`` when there
    is none to explain."""
    path, cell, row = _place(wanted)
    source, row = _read(path, cell, row)
    from poolint.explain.why import Explainer
    from poolint.rules.registry import LazyRules
    from poolint.text.source import SourceError

    rules = LazyRules()
    try:
        found = Explainer(source, resolver.for_file(path), rules).at(row)
    except SourceError as error:
        raise ConfigError(f"{path}:{wrote(source.path, error.row)}:{error.column}: {error.message}") from None
    if output_format == "json":
        from poolint.output import json

        as_object = _as_object(found)
        text = json.dumps(_in_cells(as_object, source.path) if source.cells is not None else as_object)
    else:
        lines = render(found, Style(wants_color(sys.stdout)))
        text = "\n".join(lines if source.cells is None else (in_words(source.path, line, cell) for line in lines))
    sys.stdout.write(f"{text}\n")
    for line in rules.errors:
        sys.stderr.write(f"poolint: warning: {line}\n")
    return 0


def _place(wanted: str) -> tuple[str, int, int]:
    """File, cell (0 for none) and line of ``FILE:LINE`` or ``FILE:cell CELL:LINE``; a column after them, as editors copy it,
    is left out of account."""
    parts = wanted.split(":")
    if len(parts) > 2 and parts[-1].isdecimal() and parts[-2].isdecimal():
        parts.pop()
    path, row = ":".join(parts[:-1]), parts[-1]
    before, colon, cell = path.rpartition(":cell ")
    if colon and cell.isdecimal():
        path = before
    if not path or not row.isdecimal() or int(row) < 1:
        raise ConfigError(f"`poolint why` wants FILE:LINE (`poolint why app/deps.py:12`), not {wanted!r}")
    if is_notebook(path) != bool(colon):
        raise ConfigError(
            f"in a notebook a line is one of a cell: `poolint why 'analysis.ipynb:cell 3:2'`, not {wanted!r}"
        )
    return path, int(cell) if colon else 0, int(row)


def _read(path: str, cell: int, row: int) -> tuple[Source, int]:
    """The file, and the row that is meant in all of its Python."""
    from poolint.text.source import Source, SourceError

    if not os.path.isfile(path):
        raise ConfigError(f"{path}: {'is a directory' if os.path.isdir(path) else 'no such file'}")
    try:
        source = Source.read(os.path.abspath(path))
    except SourceError as error:
        raise ConfigError(f"{path}: {error.message}") from None
    if cell:
        notebook = notebook_at(source.path)
        of_all = notebook.row_of(cell, row) if notebook is not None else None
        if of_all is None:
            raise ConfigError(f"{path} has no line {row} of Python in a cell {cell}")
        return source, of_all
    if row > len(source.lines):
        count = len(source.lines)
        raise ConfigError(f"{path} has {count} line{'s' if count != 1 else ''}: there is no line {row}")
    return source, row


def render(found: Explanation, paint: Style) -> Iterator[str]:
    """The lines to print, without their ends."""
    path = os.path.abspath(found.filename)
    where = f"{printable(found.filename)}:{wrote(path, found.row)}"
    yield f"{paint('bold', where)} in {found.function}"
    first, last = in_cell(path, found.first)[1], in_cell(path, found.last)[1]
    gutter = len(str(last))
    bar = paint("blue", "|")
    yield f"{' ' * gutter} {bar}"
    for row, line in enumerate(found.code.split("\n"), first):
        yield f"{paint('blue', str(row).rjust(gutter))} {bar} {expand(line)[0]}".rstrip()
    yield f"{' ' * gutter} {bar}"
    for note in found.notes:
        yield f"{paint('help', 'note')}: {note}"
    yield from _section("names", paint, (line for one in found.names for line in _entry(one.text, [one.what, *one.by])))
    yield from _section(
        "calls and blocks", paint, (line for one in found.events for line in _entry(one.text, one.says))
    )
    yield from _section("obligations", paint, (line for one in found.obligations for line in _obligation(one, paint)))
    yield from _section("held over", paint, (line for one in found.held for line in _held(one)))
    yield from _section("findings", paint, _findings(found, paint))
    yield from _section("not resolved", paint, (f"  {printable(one)}" for one in found.unresolved))
    parts = (found.names, found.events, found.obligations, found.held, found.findings, found.let_pass, found.unresolved)
    if not any(parts):
        yield ""
        yield "Nothing on this line concerns a pool, as far as poolint can tell."


def _section(title: str, paint: Style, lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not number:
            yield ""
            yield paint("bold", title)
        yield line


def _entry(text: str, says: Any) -> Iterator[str]:
    first, *more = says
    yield f"  `{printable(text)}`: {printable(first)}"
    for one in more:
        yield f"      {printable(one)}"


def _obligation(one: Obligation, paint: Style) -> Iterator[str]:
    yield f"  {printable(one.subject)} (line {one.row}): {printable(one.what)}"
    for text in one.says:
        yield f"      {printable(text)}"
    for way in one.exits:
        for number, ending in enumerate(way.endings):
            state = paint("red", ending.state.upper()) if ending.state == "owed" else ending.state
            head = f"{way.way}:" if not number else ""
            yield f"      {head.ljust(18)}{state}: {printable(ending.how)}"
    for text in one.reported:
        yield f"      finding at its checkout: {printable(text)}"


def _held(one: HeldOver) -> Iterator[str]:
    yield f"  `{printable(one.text)}` (line {one.row}): {printable(one.holders[0])}"
    for text in one.holders[1:]:
        yield f"      {printable(text)}"
    for text in one.reported:
        yield f"      finding: {printable(text)}"
    for text in one.silent:
        yield f"      not reported: {printable(text)}"


def _findings(found: Explanation, paint: Style) -> Iterator[str]:
    for one in found.findings:
        yield f"  {paint('red', one.code)} {printable(one.message)} (line {one.row})"
        if not one.silent:
            yield "      reported"
        for reason in one.silent:
            yield f"      not reported: {printable(reason)}"
    if not found.findings and (found.names or found.events or found.obligations or found.held or found.let_pass):
        yield "  none"
    for text in found.let_pass:
        yield f"      not reported: {printable(text)}"


def _as_object(found: Explanation) -> dict[str, Any]:
    from dataclasses import asdict

    as_object = asdict(found)
    as_object["filename"] = os.path.abspath(found.filename)
    for one in as_object["findings"]:
        one["told"] = not one["silent"]
    return as_object


def _in_cells(value: Any, path: str) -> Any:
    """What JSON has to say of a notebook: each row with its cell, and sentences with those of cells."""
    if isinstance(value, str):
        return in_words(path, value)
    if isinstance(value, (list, tuple)):
        return [_in_cells(one, path) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: one if key in ("filename", "code", "text") else _in_cells(one, path) for key, one in value.items()}
    for key in ("row", "first", "last"):
        if isinstance(row := value.get(key), int):
            cell, found[key] = in_cell(path, row)
            found.setdefault("cell", cell)
    if "rows" in value:
        places = [in_cell(path, row) for row in value["rows"]]
        found["rows"], found["cells"] = [row for _, row in places], [cell for cell, _ in places]
    return found
