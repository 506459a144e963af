"""Where findings are in a notebook: by the cell, and the row of that, in place of the rows of all of its Python.

This is done once, to the findings that are written out, so that no format has to know how a notebook is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from poolint.diagnostics import Position, Range
from poolint.text.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poolint.diagnostics import Diagnostic, Fix, Place, Step
    from poolint.text.source import Source

    At = TypeVar("At", Step, Place)

_LINES = re.compile(r"\blines? (\d+(?:(?:, | and )\d+)*)")
"""How poolint's own words name rows of the file that they are about."""

_CODE = re.compile(r"(`[^`]*`)")


class InCells:
    """Puts findings into the cells of notebooks. ``source_of`` gives the source of a file, None where it cannot be read."""

    def __init__(self, source_of: Callable[[str], Source | None]) -> None:
        self._source_of = source_of

    def placed(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings; those of files that are no notebooks, or cannot be read, are the same."""
        return [self._placed(one) for one in found]

    def rows(self, path: str, cell: int) -> Sequence[str] | None:
        """The rows of a cell as they are written; None where there is no such cell."""
        notebook = self._notebook(path)
        cells = notebook.cells if notebook is not None else ()
        return next((one.written for one in cells if one.number == cell), None)

    def _notebook(self, path: str) -> Notebook | None:
        source = self._source_of(path)
        return source if isinstance(source, Notebook) and source.cells else None

    def _placed(self, one: Diagnostic) -> Diagnostic:
        notebook = self._notebook(one.filename)
        if notebook is None:
            return one
        where = in_cell(notebook, one.range)
        return replace(
            one,
            message=in_words(notebook, one.message, where.cell),
            range=where,
            path=tuple(self._step(notebook, step, where.cell) for step in one.path),
            also=tuple(self._moved(notebook, place) for place in one.also),
            elsewhere=tuple(self._moved(notebook, place) for place in one.elsewhere),
            fix=None if one.fix is None else _fix(notebook, one.fix),
        )

    def _step(self, notebook: Notebook, step: Step, here: int) -> Step:
        return self._moved(notebook, replace(step, message=in_words(notebook, step.message, here)))

    def _moved(self, notebook: Notebook, one: At) -> At:
        """A step or a place in its cell; in other files, which a notebook may import, it is where it was."""
        return replace(one, range=in_cell(notebook, one.range)) if one.filename == notebook.path else one


def in_cell(notebook: Notebook, where: Range) -> Range:
    """A stretch of the Python of a notebook as one of the cell in which it begins."""
    cell = notebook.cell_at(where.start.row)
    if cell is None:
        return where
    before, last = cell.first - 1, len(cell.rows)
    start = Position(where.start.row - before, where.start.column)
    end = Position(where.end.row - before, where.end.column)
    return Range(start, end if end.row <= last else Position(last, 1), cell.number, notebook.line_of(where.start.row))


def in_words(notebook: Notebook, text: str, here: int = 0) -> str:
    """What poolint says of a notebook, with its lines as those of cells, which are named but for the cell ``here``; code
    that is quoted stays as it is."""
    parts = _CODE.split(text)
    parts[::2] = [_LINES.sub(lambda found: _named(notebook, found[1], here), part) for part in parts[::2]]
    return "".join(parts)


def row_in_cell(notebook: Notebook, row: int) -> tuple[int, int]:
    """The cell and the row of it that a row of all the Python is; 0 and the row itself where there are no cells."""
    cell = notebook.cell_at(row)
    return (cell.number, row - cell.first + 1) if cell is not None else (0, row)


def _named(notebook: Notebook, rows: str, here: int) -> str:
    """``line 2`` or ``line 2 of cell 3``, and the same for several rows."""
    by_cell: dict[int, list[str]] = {}
    for one in re.findall(r"\d+", rows):
        cell, row = row_in_cell(notebook, int(one))
        by_cell.setdefault(cell, []).append(str(row))
    told = []
    for cell, found in by_cell.items():
        *some, last = found
        lines = f"lines {', '.join(some)} and {last}" if some else f"line {last}"
        told.append(lines if cell == here else f"{lines} of cell {cell}")
    return " and ".join(told)


def _fix(notebook: Notebook, fix: Fix) -> Fix:
    return replace(fix, edits=tuple(replace(edit, range=in_cell(notebook, edit.range)) for edit in fix.edits))
