"""Edits of a notebook: each in the cell that it stands in, and none of what is not Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from poolint.diagnostics import Applicability, Position
from poolint.fixes.edits import EditError, apply_to_rows
from poolint.text.notebook import Notebook, within_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.diagnostics import Diagnostic, Edit
    from poolint.text.notebook import Cell
    from poolint.text.source import Source


def edited_cells(source: Source, edits: Iterable[Edit]) -> Source:
    """A notebook with ``edits`` made. Raises :class:`EditError`, and ``SourceError`` where it cannot be written."""
    assert isinstance(source, Notebook)
    by_cell: dict[int, tuple[Cell, list[Edit]]] = {}
    for edit in edits:
        cell = cell_of(source, edit)
        if cell is None:
            raise EditError(f"an edit in row {edit.range.start.row} is not of one cell")
        by_cell.setdefault(cell.number, (cell, []))[1].append(edit)
    return source.with_cells(
        {
            number: within_cell(apply_to_rows(cell.rows, of_cell, cell.first))
            for number, (cell, of_cell) in by_cell.items()
        }
    )


def cell_of(source: Notebook, edit: Edit) -> Cell | None:
    """The cell of which an edit changes the Python; None where it reaches beyond it, or takes in what is no Python."""
    start, end = edit.range.start, edit.range.end
    cell = source.cell_at(start.row)
    if cell is None or end > Position(cell.first + len(cell.rows) - 1, 1):
        return None
    if start == end:
        return cell
    for row, begin, stop in cell.foreign:
        at = cell.first + row - 1
        if start < Position(at, stop) and Position(at, begin) < end:
            return None
    return cell


def kept_in_cells(source: Source, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings of a notebook, of which only those fixes can be applied that change a single cell: code is never moved from
    one into another, which may be run more often, or before it."""
    assert isinstance(source, Notebook)
    return [one if _is_of_one(source, one) else _advised(one) for one in found]


def _is_of_one(source: Notebook, one: Diagnostic) -> bool:
    if one.fix is None or not one.fix.edits:
        return True
    cells = [cell_of(source, edit) for edit in one.fix.edits]
    return cells[0] is not None and all(each is cells[0] for each in cells)


def _advised(one: Diagnostic) -> Diagnostic:
    assert one.fix is not None
    return replace(one, fix=replace(one.fix, applicability=Applicability.DISPLAY, edits=()))
