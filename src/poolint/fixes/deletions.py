"""Statements that go: with their rows, and with the ``finally`` or ``try`` that has nothing left to do without them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.diagnostics import Position
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row, is_try, last_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.fixes.layout import Layout
    from poolint.fixes.region import Region

_TRY = re.compile(r"try[ \t\f]*:")
_FINALLY = re.compile(r"finally[ \t\f]*:")


class Deletions:
    """Statements of a region that are to go. Ask for the rows first: :meth:`change_tree` changes what they tell."""

    def __init__(self, region: Region, layout: Layout, statements: Iterable[ast.stmt]) -> None:
        self.region = region
        self.layout = layout
        self.statements = list(statements)
        self.suites: list[tuple[ast.AST, list[ast.stmt]]] = []
        for statement in self.statements:
            suite = region.suite(statement)
            if not any(suite is known for _, known in self.suites):
                self.suites.append((region.owner(statement), suite))

    def goes(self, statement: ast.stmt) -> bool:
        """Whether a statement is one of those that go."""
        return any(statement is one for one in self.statements)

    def _is_emptied(self, suite: list[ast.stmt]) -> bool:
        return all(map(self.goes, suite))

    def dissolves(self, node: ast.AST) -> bool:
        """Whether a ``try`` loses its ``finally`` and has nothing else."""
        return isinstance(node, ast.Try) and not node.handlers and self._loses_finally(node)

    def _loses_finally(self, node: ast.AST) -> bool:
        suite = getattr(node, "finalbody", [])
        return is_try(node) and bool(suite) and self._is_emptied(suite)

    # Rows.

    def change_rows(self) -> None:
        """Take the rows out of the layout. What stays of a dissolved ``try`` moves outwards."""
        for statement in self.statements:
            self._check_alone(statement)
        for owner, suite in self.suites:
            kept = None
            if self._is_emptied(suite):
                if suite is getattr(owner, "finalbody", None):
                    self._drop_finally(owner)
                elif isinstance(owner, (ast.Module, ast.ClassDef)):
                    raise Refused("nothing would be left")
                else:
                    kept = suite[0]
                    self.layout.replace(self.region.range(kept), "pass")
            for statement in suite:
                if self.goes(statement) and statement is not kept:
                    self.layout.delete(range(first_row(statement), last_row(statement) + 1))

    def _check_alone(self, statement: ast.stmt) -> None:
        rest = self.layout.rest(self.region.end(statement))
        start = self.region.position(statement)
        if not self.layout.begins_alone(Position(first_row(statement), start.column)) or rest[:1] not in ("", "#"):
            raise Refused("shares a row with another statement")

    def _drop_finally(self, node: ast.AST) -> None:
        assert isinstance(node, ast.stmt)
        layout, final = self.layout, node.finalbody  # type: ignore[attr-defined]
        outer = layout.indentation(node.lineno)
        row = finally_row(node, layout)
        last = last_row(node)
        if self.dissolves(node):
            assert isinstance(node, ast.Try)
            inner = layout.indentation(first_row(node.body[0]))
            self._drop_keyword(node.lineno, _TRY)
            if first_row(node.body[0]) == node.lineno:
                raise Refused("a suite on one row")
            layout.dedent(range(node.lineno + 1, row), inner, outer)
        self._drop_keyword(row, _FINALLY)
        layout.dedent(range(row + 1, last + 1), layout.indentation(first_row(final[0])), outer)

    def _drop_keyword(self, row: int, keyword: re.Pattern[str]) -> None:
        """Take out a row that says ``try:`` or ``finally:``, but keep its comment."""
        text = self.layout.row(row)
        match = keyword.search(text)
        if match is None or text[: match.start()].strip(" \t\f"):
            raise Refused("a keyword in an unusual place")
        comment = text[match.end() :].strip()
        if comment[:1] not in ("", "#"):
            raise Refused("a suite on one row")
        if comment:
            self.layout.rewrite(row, comment)
        else:
            self.layout.delete([row])

    # The tree.

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        for owner, suite in self.suites:
            emptied = self._is_emptied(suite)
            dissolved = self.dissolves(owner) and suite is getattr(owner, "finalbody", None)
            suite[:] = [one for one in suite if not self.goes(one)]
            if dissolved:
                assert isinstance(owner, ast.Try)
                around = self.region.suite(owner)
                index = next(index for index, one in enumerate(around) if one is owner)
                around[index : index + 1] = owner.body
            elif emptied and suite is not getattr(owner, "finalbody", None):
                suite.append(ast.Pass())


def finally_row(node: ast.stmt, layout: Layout) -> int:
    """The row of the ``finally`` of a ``try``."""
    final: list[ast.stmt] = node.finalbody  # type: ignore[attr-defined]
    before = [*node.body, *node.orelse]  # type: ignore[attr-defined]
    before += [one for handler in node.handlers for one in handler.body]  # type: ignore[attr-defined]
    start = max(map(last_row, before)) + 1
    for row in range(start, first_row(final[0])):
        if _FINALLY.match(layout.source.lines[row - 1].lstrip(" \t\f")):
            return row
    raise Refused("a suite on one row")
