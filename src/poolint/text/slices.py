"""Slices: the few rows of a file that LibCST gets to see.

LibCST is a hundred times slower than ``ast``, so it parses nothing but the function (or module-level statement) around
what the detectors have observed. A slice is made of the file's own rows; indented ones stand under a header of their own.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from poolint.diagnostics import Position, Range
from poolint.text.scan import is_strained
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import libcst as cst
    from libcst.metadata import CodeRange

    from poolint.text.source import Source

_HEADER = "if 1:"
_GLUED = re.compile(r"\f+")

MOST_KEPT = 48
"""Trees that are kept: some 200 kB each, of a function of 50 rows."""


class _Tree:
    """What a text is to LibCST: nothing of it depends on where the text stands. It is not changed by anybody."""

    def __init__(self, module: cst.Module, has_header: bool) -> None:
        self.module = module
        self.has_header = has_header

    @cached_property
    def ranges(self) -> Mapping[cst.CSTNode, CodeRange]:
        """Where each node begins and ends."""
        from libcst.metadata import MetadataWrapper, PositionProvider

        return MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)

    @cached_property
    def parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        """The node around each of them, but for the header."""
        return _parents(self.module, self.has_header)


class Kept:
    """The trees of the texts that were asked for last, for hosts that look at the same functions again and again."""

    def __init__(self) -> None:
        self._trees: dict[tuple[str, bool], _Tree | None] = {}

    def of(self, text: str, has_header: bool) -> _Tree | None:
        """See :func:`_parsed`."""
        key = text, has_header
        found = self._trees[key] = self._trees.pop(key) if key in self._trees else _parsed(*key)
        if len(self._trees) > MOST_KEPT:
            del self._trees[next(iter(self._trees))]
        return found


kept: Kept | None = None
"""Trees that a host has said are worth keeping; a run looks at a function once, and keeps none."""


class Slice:
    """Some rows of a file as a LibCST tree. Positions and parents are worked out when they are first asked for.

    Rows that are indented in the file are parsed under an ``if 1:`` of our own. It is in ``module``, so a visitor will
    meet it, but it has no place in the file and is nobody's parent.
    """

    __slots__ = ("_shifts", "_tree", "first_row", "has_header", "last_row", "module")

    def __init__(self, tree: _Tree, first_row: int, last_row: int, shifts: dict[int, int]) -> None:
        self.module = tree.module
        self.first_row = first_row
        self.last_row = last_row
        self.has_header = tree.has_header
        self._shifts = shifts
        self._tree = tree

    def range_of(self, node: cst.CSTNode) -> Range:
        """Where a node of this slice stands in the file; its own parentheses and decorators are not part of it."""
        found = self._tree.ranges[node]
        return Range(
            self._position(found.start.line, found.start.column), self._position(found.end.line, found.end.column)
        )

    def _position(self, line: int, column: int) -> Position:
        row = line - self.has_header + self.first_row - 1
        return Position(row, column + 1 + self._shifts.get(row, 0))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node of this slice; None for the module."""
        return self._tree.parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
        """From the inside out: each node around ``node``, and the child of it on the way there."""
        child, parent = node, self.parent(node)
        while parent is not None:
            yield parent, child
            child, parent = parent, self.parent(parent)


def cut(source: Source, first_row: int, last_row: int) -> Slice | None:
    """The rows from ``first_row`` to ``last_row``, both included, decorators being part of what is asked for.

    Statements that share one of these rows come along whole. None when LibCST cannot parse the rows, or not without
    loss.
    """
    found = _cut(source, first_row, last_row)
    if found is None:
        rows = _whole_statements(source, first_row, last_row)
        if rows != (first_row, last_row):
            found = _cut(source, *rows)
    return found


def _cut(source: Source, first_row: int, last_row: int) -> Slice | None:
    rows = source.lines[first_row - 1 : last_row]
    if not rows:
        return None
    shifts: dict[int, int] = {}
    if any(row.startswith("\f") for row in rows):
        # Python starts counting the indentation anew behind a form feed; LibCST loses it.
        for index, row in enumerate(rows):
            glued = _GLUED.match(row)
            if glued is not None:
                shifts[first_row + index] = glued.end()
                rows[index] = row[glued.end() :]
    if rows[-1].endswith("\r"):
        rows[-1] = rows[-1][:-1]  # LibCST would lose it
    has_header = rows[0][:1] in (" ", "\t")
    text = "".join(rows)
    if has_header:
        ending = rows[0][len(rows[0].rstrip("\r\n")) :] or "\n"
        text = _HEADER + ending + text
    tree = _parsed(text, has_header) if kept is None else kept.of(text, has_header)
    return Slice(tree, first_row, last_row, shifts) if tree is not None else None


def _parsed(text: str, has_header: bool) -> _Tree | None:
    """The tree of some rows; None where LibCST cannot parse them, or not without loss."""
    if is_strained(text):
        return None
    import libcst as cst

    try:
        module = cst.parse_module(text)
        return _Tree(module, has_header) if module.code == text else None
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, ValueError):
        return None


def _whole_statements(source: Source, first_row: int, last_row: int) -> tuple[int, int]:
    """Widen rows until no statement is cut in two: a row may begin inside the statement in front of a semicolon."""
    try:
        body = source.tree.body
    except SourceError:
        return first_row, last_row
    spans = _spans(body, first_row, last_row)
    widened = True
    while widened:
        widened = False
        for start, end in spans:
            if start <= last_row and end >= first_row and (start < first_row or end > last_row):
                first_row, last_row, widened = min(first_row, start), max(last_row, end), True
    return first_row, last_row


def _spans(body: Iterable[object], first_row: int, last_row: int) -> list[tuple[int, int]]:
    """First and last row of every statement near the given rows that has no statements of its own."""
    found = []
    stack = list(body)
    while stack:
        statement = stack.pop()
        start: int = getattr(statement, "lineno", 0)  # cases of a match have none
        end: int = getattr(statement, "end_lineno", 0)
        if start and (start > last_row or end < first_row):
            continue
        blocks = [getattr(statement, block, ()) for block in ("body", "orelse", "handlers", "finalbody", "cases")]
        if any(blocks):
            stack += [child for block in blocks for child in block]
        else:
            found.append((start, end))
    return found


_FIELDS: dict[type, tuple[str, ...]] = {}


def _parents(module: cst.Module, has_header: bool) -> dict[cst.CSTNode, cst.CSTNode]:
    import libcst as cst

    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    stack: list[cst.CSTNode] = [module]
    while stack:
        node = stack.pop()
        fields = _FIELDS.get(type(node))
        if fields is None:
            fields = _FIELDS[type(node)] = tuple(type(node).__dataclass_fields__)
        for field in fields:
            value = getattr(node, field)
            for child in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(child, cst.CSTNode):
                    parents[child] = node
                    stack.append(child)
    if has_header:
        for statement in module.body:
            block = statement.body if isinstance(statement, cst.If) else None
            if isinstance(block, cst.IndentedBlock):
                for inner in block.body:
                    parents[inner] = module
    return parents
