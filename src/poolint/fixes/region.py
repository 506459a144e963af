"""The rows of a slice as ``ast`` sees them on their own: found statements, their suites, and what a fix makes of them.

A plan names statements of the module's tree; here each has a twin, with the same positions, in a tree that may be
changed. The builder works on the twins: their rows become edits, and they themselves become the tree that the edited
rows must have.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from poolint.diagnostics import Position, Range
from poolint.fixes.edits import EditError, apply_to_rows
from poolint.fixes.layout import Refused, indentation
from poolint.text.source import SourceError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.diagnostics import Edit
    from poolint.text.slices import Slice
    from poolint.text.source import Source

Node = TypeVar("Node", ast.stmt, ast.Try)

_UNIT = " " * 4
_TRY = tuple(kind for kind in (ast.Try, getattr(ast, "TryStar", None)) if kind is not None)


class Region:
    """The tree of a slice's rows, with the positions of the file."""

    def __init__(self, piece: Slice, source: Source) -> None:
        self.source = source
        self.first_row = piece.first_row
        self.last_row = piece.last_row
        self._header = "if 1:\n" if piece.has_header else ""
        self._rows = source.lines[piece.first_row - 1 : piece.last_row]
        self.tree = self._parse("".join(self._rows))
        self._suites: dict[ast.stmt, tuple[ast.AST, list[ast.stmt]]] = {}
        self._by_place: dict[tuple[object, ...], ast.stmt] = {}
        for owner, suite in suites_below(self.tree):
            for statement in suite:
                self._suites[statement] = owner, suite
                self._by_place[_key(statement)] = statement

    def _parse(self, text: str) -> ast.Module:
        try:
            tree = parse(self._header + text)
        except (SourceError, RecursionError):
            raise Refused("cannot be parsed") from None
        ast.increment_lineno(tree, self.first_row - 1 - bool(self._header))
        return tree

    def twin(self, statement: Node) -> Node:
        """The statement here that stands where ``statement`` of the module's tree stands."""
        found = self._by_place.get(_key(statement))
        if not isinstance(found, type(statement)):
            raise Refused("not a statement of this slice")
        return found

    def owner(self, statement: ast.stmt) -> ast.AST:
        """The node whose suite a statement stands in."""
        return self._suites[statement][0]

    def suite(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list that a statement stands in."""
        return self._suites[statement][1]

    def step(self, statement: ast.stmt) -> tuple[str, str]:
        """The indentation of a statement, and by how much its suite stands further in than what owns it."""
        owner = self.owner(statement)
        row = owner.pattern.lineno if isinstance(owner, ast.match_case) else getattr(owner, "lineno", 0)
        if row < self.first_row:
            raise Refused("not in a function")
        base, outer = indentation(self.source.lines[statement.lineno - 1]), indentation(self.source.lines[row - 1])
        unit = base[len(outer) :] if base.startswith(outer) and base != outer else _UNIT
        return base, unit

    def function(self, statement: ast.stmt) -> ast.AST:
        """The function, class or module that a statement runs in."""
        owner = self.owner(statement)
        while isinstance(owner, (ast.stmt, ast.excepthandler, ast.match_case)) and not isinstance(
            owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            owner = self.owner(owner) if isinstance(owner, ast.stmt) else self._holder(owner)
        return owner

    def _holder(self, part: ast.excepthandler | ast.match_case) -> ast.AST:
        return next(one for one in self._suites if any(part is each for each in _parts(one)))

    def position(self, node: ast.expr | ast.stmt | ast.excepthandler) -> Position:
        """Where a node begins."""
        return Position(node.lineno, self.source.column(node.lineno, node.col_offset))

    def end(self, node: ast.expr | ast.stmt | ast.excepthandler) -> Position:
        """Where a node ends."""
        row = node.end_lineno or node.lineno
        return Position(row, self.source.column(row, node.end_col_offset or 0))

    def range(self, node: ast.expr | ast.stmt) -> Range:
        """Where a node stands."""
        return Range(self.position(node), self.end(node))

    def text(self, where: Range) -> str:
        """The text between two places, which need not lie in one row."""
        start, end = where.start, where.end
        rows = self.source.lines[start.row - 1 : end.row]
        rows[-1] = rows[-1][: end.column - 1]
        return "".join(rows)[start.column - 1 :]

    def check(self, edits: tuple[Edit, ...]) -> None:
        """Refuse unless the edited rows have the tree that :attr:`tree` has become."""
        try:
            after = self._parse(apply_to_rows(self._rows, edits, self.first_row))
        except EditError:
            raise Refused("edits in each other's way") from None
        if ast.dump(after) != ast.dump(self.tree):
            raise Refused("another tree than meant")


def first_row(statement: ast.stmt) -> int:
    """The first row of a statement, that of its decorators if it has any."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def last_row(statement: ast.stmt) -> int:
    """The last row of a statement."""
    return statement.end_lineno or statement.lineno


def is_try(node: ast.AST) -> bool:
    """Whether a node is a ``try``, with ``except`` or ``except*``."""
    return isinstance(node, _TRY)


def suites_below(root: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """All lists of statements in a tree, with the node that each belongs to."""
    stack: list[ast.AST] = [root]
    while stack:
        node = stack.pop()
        for field in ("body", "orelse", "finalbody"):
            suite = getattr(node, field, None)
            if isinstance(suite, list) and suite:
                yield node, suite
                stack.extend(suite)
        stack.extend(_parts(node))


def _parts(node: ast.AST) -> list[ast.AST]:
    return [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]


def _key(statement: ast.stmt) -> tuple[object, ...]:
    return (
        type(statement),
        statement.lineno,
        statement.col_offset,
        statement.end_lineno,
        statement.end_col_offset,
    )
