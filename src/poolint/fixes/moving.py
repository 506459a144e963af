"""Statements that move, a call that comes in between them, and blocks that lose their header."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.diagnostics import Position
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row, last_row

if TYPE_CHECKING:
    from poolint.fixes.layout import Layout
    from poolint.fixes.plans import Dissolve, Insert, Move
    from poolint.fixes.region import Region

_END_OF_HEADER = re.compile(r"[ \t\f]*(?:\)[ \t\f]*)?:[ \t\f]*(#.*)?$")


class Moving:
    """Carries out a :class:`~poolint.fixes.plans.Move`."""

    def __init__(self, plan: Move, region: Region, layout: Layout) -> None:
        self.region = region
        self.layout = layout
        self.behind = plan.behind
        self.statements = [region.twin(one) for one in plan.statements]
        self.target = region.twin(plan.target)
        self.suite = region.suite(self.statements[0])
        self.first = _index(self.suite, self.statements[0])
        stop = self.first + len(self.statements)
        if [id(one) for one in self.suite[self.first : stop]] != [id(one) for one in self.statements]:
            raise Refused("not one after the other")
        if len(self.statements) == len(self.suite):
            raise Refused("nothing would be left")
        if region.function(self.target) is not region.function(self.statements[0]):
            raise Refused("in another function")
        self.is_sibling = region.suite(self.target) is self.suite
        if self.is_sibling and self.first <= _index(self.suite, self.target) < stop:
            raise Refused("would move to where it stands")
        if not self.is_sibling and not any(one is self.statements[0] for one in ast.walk(self.target)):
            raise Refused("the target does not stand around it")

    # Rows.

    def change_rows(self) -> None:
        """Shift the rows where they stay at their place, else take them out and put them in."""
        layout = self.layout
        for one in (*self.statements, self.target):
            _check_alone(one, self.region, layout)
        inner = layout.indentation(first_row(self.statements[0]))
        outer = layout.indentation(first_row(self.target))
        if not inner.startswith(outer):
            raise Refused("indentation that cannot be told apart")
        start, end = _with_comments(first_row(self.statements[0]), layout), last_row(self.statements[-1])
        if self.behind and not self.is_sibling and end == last_row(self.target):
            layout.dedent(range(start, _up_to_comments(end, inner, layout) + 1), inner, outer)
            return
        texts = layout.moved_text(range(start, end + 1), inner, outer)
        gap = end
        while self.first == 0 and gap < layout.last_row and layout.is_blank(gap + 1):
            gap += 1  # a suite does not begin with a blank row
        layout.delete(range(start, gap + 1))
        layout.insert(
            last_row(self.target) + 1 if self.behind else _with_comments(first_row(self.target), layout), texts
        )

    # The tree.

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        del self.suite[self.first : self.first + len(self.statements)]
        around = self.region.suite(self.target)
        place = _index(around, self.target) + self.behind
        around[place:place] = self.statements


class Inserting:
    """Carries out an :class:`~poolint.fixes.plans.Insert`."""

    def __init__(self, plan: Insert, region: Region, layout: Layout) -> None:
        self.plan = plan
        self.region = region
        self.layout = layout
        self.statement = region.twin(plan.statement)
        if plan.awaited and not isinstance(region.function(self.statement), ast.AsyncFunctionDef):
            raise Refused("not in an `async def`")

    def change_rows(self) -> None:
        """Put in a row."""
        layout = self.layout
        _check_alone(self.statement, self.region, layout)
        row = first_row(self.statement)
        layout.insert(
            _with_comments(row, layout), [layout.indentation(row) + _text(self.plan.call, awaited=self.plan.awaited)]
        )

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        suite = self.region.suite(self.statement)
        suite.insert(_index(suite, self.statement), _statement(self.plan.call, awaited=self.plan.awaited))


class Dissolving:
    """Carries out a :class:`~poolint.fixes.plans.Dissolve`."""

    def __init__(self, plan: Dissolve, region: Region, layout: Layout) -> None:
        self.plan = plan
        self.region = region
        self.layout = layout
        statement: ast.stmt = region.twin(plan.statement)
        assert isinstance(statement, (ast.With, ast.AsyncWith))
        self.statement = statement
        self.renamed = dict(plan.renamed)
        if plan.awaited and not isinstance(region.function(self.statement), ast.AsyncFunctionDef):
            raise Refused("not in an `async def`")

    # Rows.

    def change_rows(self) -> None:
        """Take the header out, shift what follows it, and write other names where they are asked for."""
        layout, statement = self.layout, self.statement
        _check_alone(statement, self.region, layout)
        body = first_row(statement.body[0])
        outer, inner = layout.indentation(statement.lineno), layout.indentation(body)
        end = last_row(statement)
        self._drop_header(body)
        end = _up_to_comments(end, inner, layout)
        layout.dedent(range(statement.lineno + 1, end + 1), inner, outer)
        for name in self._names():
            where = self.region.range(name)
            if self.region.text(where) != name.id:
                raise Refused("a name in an unusual place")
            layout.replace(where, self.renamed[name.id])
        if self.plan.call is not None:
            layout.insert(end + 1, [outer + _text(self.plan.call, awaited=self.plan.awaited)])

    def _drop_header(self, body: int) -> None:
        last = self.statement.items[-1]
        stop = self.region.end(last.optional_vars or last.context_expr)
        rows = self.region.source.lines
        if stop.row >= body:
            raise Refused("a suite on one row")
        row = stop.row
        match = _END_OF_HEADER.match(rows[row - 1][stop.column - 1 :].rstrip("\r\n"))
        while match is None and row + 1 < body:  # a closing parenthesis on a row of its own
            if rows[row - 1][stop.column - 1 if row == stop.row else 0 :].strip(" \t\f\r\n,)"):
                break
            row += 1
            match = _END_OF_HEADER.match(rows[row - 1].strip(" \t\f\r\n"))
        if match is None:
            raise Refused("a header of an unusual form")
        if match[1]:
            self.layout.rewrite(row, match[1])
            self.layout.delete(range(self.statement.lineno, row))
        else:
            self.layout.delete(range(self.statement.lineno, row + 1))

    def _names(self) -> list[ast.Name]:
        return [
            node
            for one in self.statement.body
            for node in ast.walk(one)
            if isinstance(node, ast.Name) and node.id in self.renamed
        ]

    # The tree.

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        for name in self._names():
            name.id = self.renamed[name.id]
        suite = self.region.suite(self.statement)
        place = _index(suite, self.statement)
        new = list(self.statement.body)
        if self.plan.call is not None:
            new.append(_statement(self.plan.call, awaited=self.plan.awaited))
        suite[place : place + 1] = new


def _index(suite: list[ast.stmt], statement: ast.stmt) -> int:
    return next(index for index, one in enumerate(suite) if one is statement)


def _statement(call: ast.Call, *, awaited: bool) -> ast.stmt:
    return ast.Expr(ast.Await(call) if awaited else call)


def _text(call: ast.Call, *, awaited: bool) -> str:
    return f"{'await ' if awaited else ''}{ast.unparse(call)}"


def _check_alone(statement: ast.stmt, region: Region, layout: Layout) -> None:
    start = region.position(statement)
    rest = layout.rest(region.end(statement))
    if not layout.begins_alone(Position(first_row(statement), start.column)) or rest[:1] not in ("", "#"):
        raise Refused("shares a row with another statement")


def _with_comments(row: int, layout: Layout) -> int:
    """The first of the comments that stand right above a row, or the row itself."""
    lead = layout.indentation(row)
    while row - 1 > layout.first_row and layout.is_comment(row - 1) and layout.indentation(row - 1) == lead:
        row -= 1
    return row


def _up_to_comments(row: int, lead: str, layout: Layout) -> int:
    """The last of the comments that stand right below the end of a suite, at its indentation."""
    while row < layout.last_row and layout.is_comment(row + 1) and layout.indentation(row + 1) == lead:
        row += 1
    return row
