"""A notebook as a source: the Python of its cells one below the other, and the way back from there into its JSON.

Each cell ends with a row of its own that stands for none of its text, so that what is put behind its last row is still its
own. Of the JSON nothing is written again but the text of cells that have changed: outputs, metadata, the order of keys
and the blanks between them stay byte for byte what they were.
"""

from __future__ import annotations

import ast
import io
import json
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from poolint.text.document import Reader, texts_in, written
from poolint.text.magics import blanked, is_python
from poolint.text.source import BOM, Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMAT = 4
"""The version of the format that is read."""

_BETWEEN = "\n\n"
"""What ends a cell: the newline that its last row may lack, and a row of no cell."""

_KEPT = frozenset({"cell_type", "metadata", "source"})


class Cell(NamedTuple):
    """One cell of Python. ``number`` counts all cells from 1, ``first`` is the row of its first row in the module, ``text``
    what is written in it, ``code`` the same with only Python left. ``start`` and ``end`` are where its source stands in the
    document."""

    number: int
    first: int
    text: str
    code: str
    start: int
    end: int

    @property
    def rows(self) -> list[str]:
        """Its rows as they are written, the last one of no text, with their ends."""
        return _rows(self.text + _BETWEEN)

    @property
    def written(self) -> list[str]:
        """Its rows as people see them."""
        return _rows(self.text)

    @property
    def foreign(self) -> Iterator[tuple[int, int, int]]:
        """The stretches of its rows (from 1) that are not Python: their rows, first columns and ends."""
        for row, (told, code) in enumerate(zip(_rows(self.text), _rows(self.code), strict=True), 1):
            if told != code:
                other = [index for index, char in enumerate(told) if char != code[index]]
                yield row, other[0] + 1, other[-1] + 2


class Notebook(Source):
    """A source whose ``data`` and ``text`` are the Python of its cells; ``raw`` are the bytes of the file."""

    __slots__ = ("_cells", "_document", "_firsts", "_raw")

    def __init__(self, path: str, raw: bytes, document: str, cells: Sequence[Cell]) -> None:
        text = "".join(one.code + _BETWEEN for one in cells)
        super().__init__(path, text.encode("utf-8", "replace"), text, "utf-8", raw.startswith(BOM))
        self._raw = raw
        self._document = document
        self._cells = cells
        self._firsts = [one.first for one in cells]

    @classmethod
    def from_raw(cls, path: str, raw: bytes) -> Notebook:
        """The notebook that ``raw`` is. Raises :class:`SourceError`."""
        try:
            document = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError("is no notebook: it is not UTF-8") from None
        try:
            return cls(path, raw, document, list(_cells(document)))
        except json.JSONDecodeError as error:
            raise SourceError(f"is no notebook: not valid JSON: {error.msg}", error.lineno, error.colno) from None
        except RecursionError:
            raise SourceError("is nested too deeply to be analysed") from None

    def __reduce__(self) -> tuple[object, ...]:
        return (Notebook.from_raw, (self.path, self._raw))

    @property
    def raw(self) -> bytes:
        return self._raw

    @property
    def cells(self) -> Sequence[Cell]:
        """Its cells of Python, in order."""
        return self._cells

    @property
    def awaits(self) -> bool:
        return _awaits(self.tree)

    def bare(self) -> Notebook:
        return Notebook(self.path, self._raw, self._document, self._cells)

    def cell_at(self, row: int) -> Cell | None:
        """The cell that a row of the module belongs to; None only where there are no cells."""
        return self._cells[max(bisect_right(self._firsts, row) - 1, 0)] if self._cells else None

    def row_of(self, number: int, row: int) -> int | None:
        """The row of the module that a row of a cell is; None where there is no such row."""
        for one in self._cells:
            if one.number == number and 0 < row < len(one.rows):
                return one.first + row - 1
        return None

    def line_of(self, row: int) -> int:
        """The row of the file, which is JSON, in which a row of the module is written."""
        cell = self.cell_at(row)
        if cell is None:
            return 1
        begun, at = cell.first, cell.start
        for text, start, _ in texts_in(self._document, cell.start):
            if begun > row:
                break
            at = start
            begun += text.count("\n")
        return self._document.count("\n", 0, at) + 1

    def encode(self, text: str) -> bytes:  # noqa: ARG002
        raise SourceError("is a notebook, which is written cell by cell")

    def with_cells(self, texts: Mapping[int, str]) -> Notebook:
        """The same notebook with other texts in the cells of these numbers. Raises :class:`SourceError`."""
        parts: list[str] = []
        done = 0
        for one in self._cells:
            if texts.get(one.number, one.text) != one.text:
                parts += [
                    self._document[done : one.start],
                    written(self._document, one.start, one.end, texts[one.number]),
                ]
                done = one.end
        document = "".join([*parts, self._document[done:]])
        try:
            raw = (BOM if self.bom else b"") + document.encode("utf-8")
        except UnicodeEncodeError:
            raise SourceError("cannot be written: a cell has half of a character in it") from None
        found = Notebook.from_raw(self.path, raw)
        if any(one.text != texts.get(one.number, one.text) for one in found.cells):
            raise SourceError("cannot be written back: it would read differently")
        return found


def within_cell(text: str) -> str:
    """The text of a cell, of its rows with the one of no text."""
    return text.removesuffix("\n").removesuffix("\n")


def _rows(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines()


def _cells(document: str) -> Iterator[Cell]:
    """The cells of Python of a notebook. Raises :class:`SourceError`, and ``JSONDecodeError``."""
    reader = Reader(document)
    if not reader.is_at("{"):
        reader.value()
        raise SourceError("is no notebook: its JSON is not an object")
    top: dict[str, object] = {}
    cells: list[dict[str, tuple[int, object, int]]] | None = None
    for key in reader.members():
        if key == "cells" and reader.is_at("["):
            cells = [_members(reader) for _ in reader.items()]
        else:
            top[key] = reader.value()
    reader.end()
    version = top.get("nbformat", FORMAT)
    if "worksheets" in top or version != FORMAT:
        told = version if isinstance(version, int) and version != FORMAT else "3 or earlier"
        raise SourceError(
            f"is a notebook of format {told}, and poolint reads format {FORMAT}: "
            f"`jupyter nbconvert --to notebook --inplace` brings it up to date"
        )
    if cells is None:
        raise SourceError("is no notebook: it has no list of `cells`")
    if _language(top.get("metadata")) != "python":
        return
    first = 1
    for number, members in enumerate(cells, 1):
        found = _python(members)
        if found is not None:
            cell = Cell(number, first, found[0], blanked(found[0]), *found[1:])
            first += len(cell.rows)
            yield cell


def _members(reader: Reader) -> dict[str, tuple[int, object, int]]:
    """The members of a cell that matter, each with where its value begins and ends."""
    if not reader.is_at("{"):
        reader.value()
        raise SourceError("is no notebook: one of its cells is not an object")
    found = {}
    for key in reader.members():
        start = reader.at
        value = reader.value()
        if key in _KEPT:
            found[key] = (start, value, reader.at)
    return found


def _python(members: Mapping[str, tuple[int, object, int]]) -> tuple[str, int, int] | None:
    """The source of a cell, and where that begins and ends; None where it is no Python."""
    if "source" not in members or members.get("cell_type", (0, "", 0))[1] != "code":
        return None
    metadata = members.get("metadata", (0, None, 0))[1]
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    if isinstance(editor, dict) and editor.get("languageId", "python") != "python":
        return None
    start, source, end = members["source"]
    if isinstance(source, list) and all(isinstance(one, str) for one in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise SourceError("is no notebook: the source of a cell is neither a text nor a list of texts")
    return (source, start, end) if is_python(source) else None


def _language(metadata: object) -> str:
    """The language of a notebook, in small letters: Python where it does not say."""
    if isinstance(metadata, dict):
        for part, key in (("language_info", "name"), ("kernelspec", "language")):
            told = metadata.get(part)
            if isinstance(told, dict) and isinstance(told.get(key), str):
                return "python" if told[key].lower() == "ipython" else str(told[key].lower())
    return "python"


def _awaits(tree: ast.Module) -> bool:
    """Whether anything outside of all functions, lambdas and classes is awaited."""
    queue: list[ast.AST] = [tree]
    for node in queue:  # grows
        if isinstance(node, (ast.Await, ast.AsyncWith, ast.AsyncFor)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            queue += ast.iter_child_nodes(node)
    return False
