"""Rows as people are told of them: in a notebook by the cell and the row of that."""

from __future__ import annotations

from poolint.files import is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.text.notebook import Notebook

_read: dict[str, Notebook | None] = {}
"""The notebooks that were asked about."""


def in_cell(path: str, row: int) -> tuple[int, int]:
    """The cell, and its row, that a row of all the Python of a notebook is; 0 and the row itself for other files."""
    notebook = notebook_at(path)
    if notebook is None:
        return 0, row
    from poolint.output.cells import row_in_cell

    return row_in_cell(notebook, row)


def wrote(path: str, row: int) -> str:
    """``12``, or ``cell 3:2``."""
    cell, inner = in_cell(path, row)
    return f"cell {cell}:{inner}" if cell else f"{row}"


def line(path: str, row: int) -> str:
    """``line 12``, or ``line 2 of cell 3``."""
    cell, inner = in_cell(path, row)
    return f"line {inner} of cell {cell}" if cell else f"line {row}"


def in_words(path: str, text: str, here: int = 0) -> str:
    """What is said of a file, with the lines of a notebook as those of its cells, named but for the cell ``here``."""
    notebook = notebook_at(path)
    if notebook is None:
        return text
    from poolint.output import cells

    return cells.in_words(notebook, text, here)


def stretch(path: str, first: int, last: int) -> tuple[int, int, int]:
    """The cell of some rows, 0 where the file has none, and the first and last of them there: no more than the cell has."""
    cell, begin = in_cell(path, first)
    other, end = in_cell(path, last)
    notebook = notebook_at(path)
    if not cell or notebook is None:
        return 0, first, last
    if other != cell:
        end = next(len(one.rows) - 1 for one in notebook.cells or () if one.number == cell)
    return cell, begin, end


def notebook_at(path: str) -> Notebook | None:
    """The notebook in a file; None where there is none, or it cannot be read."""
    if not is_notebook(path):
        return None
    if path not in _read:
        from poolint.text.notebook import Notebook
        from poolint.text.source import Source, SourceError

        try:
            source = Source.read(path)
        except SourceError:
            _read[path] = None
        else:
            _read[path] = source if isinstance(source, Notebook) else None
    return _read[path]
