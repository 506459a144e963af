"""A unified diff of a fix, as ``git apply`` and ``patch`` take it."""

from __future__ import annotations

import os
from difflib import unified_diff as _unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.text.notebook import Cell
    from poolint.text.source import Source

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified_diff(before: Source, after: Source, root: str = "") -> str:
    r"""The difference between two texts of a file; empty when there is none.

    The path is written relative to ``root`` where it lies below it. Rows are what ``patch`` takes for rows, which end in
    ``\n``: a ``\r`` before it is part of the row, and so is a byte order mark.
    """
    path = _shown(before.path, root)
    if before.cells is not None:
        return "".join(_of_cells(before.cells, after.cells or (), path))
    if not path.isprintable() or '"' in path or "\\" in path:
        return "".join(_rows(_patch_rows(before), _patch_rows(after), *(_quoted(f"{side}/{path}") for side in "ab")))
    mark = "\t" if " " in path else ""  # behind a path with blanks, patch and git want to see where it ends
    return "".join(_rows(_patch_rows(before), _patch_rows(after), f"a/{path}{mark}", f"b/{path}{mark}"))


def _of_cells(before: Sequence[Cell], after: Sequence[Cell], path: str) -> Iterator[str]:
    """That of a notebook, cell by cell under the names of these, as ruff shows it: the file itself is JSON."""
    for old, new in zip(before, after, strict=True):
        name = f"{_quoted(path) if not path.isprintable() else path}:cell {old.number}"
        yield from _rows([*_ended(old.text)], [*_ended(new.text)], name, name)


def _ended(text: str) -> Iterator[str]:
    """The rows of a cell; that its last one has no newline is of no interest."""
    return (f"{row}\n" for row in text.removesuffix("\n").split("\n"))


def _rows(before: list[str], after: list[str], old: str, new: str) -> Iterator[str]:
    for row in _unified_diff(before, after, old, new):
        if row.endswith("\n"):
            yield row
        else:
            yield row + "\n" + _NO_NEWLINE


def _quoted(path: str) -> str:
    """A path as git writes those that could not stand in a row, or steer the terminal: in quotes, bytes in octal."""
    known = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    out = []
    for char in path:
        octal = (f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
        out.append(known.get(char) or (char if char.isprintable() else "".join(octal)))
    return f'"{"".join(out)}"'


def _patch_rows(source: Source) -> list[str]:
    text = "\ufeff" + source.text if source.bom else source.text
    rows = [row + "\n" for row in text.split("\n")]
    rows[-1] = rows[-1][:-1]
    return rows if rows[-1] else rows[:-1]


def _shown(path: str, root: str) -> str:
    if root:
        absolute, below = os.path.abspath(path), os.path.join(os.path.abspath(root), "")
        if absolute.startswith(below):
            path = absolute[len(below) :]
    return path.replace(os.sep, "/").lstrip("/")
