"""``with`` blocks: a statement becomes the header, and what follows it goes inside."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.diagnostics import Position, Range
from poolint.fixes.deletions import Deletions
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row, last_row

if TYPE_CHECKING:
    from poolint.fixes.layout import Layout
    from poolint.fixes.plans import Enclose
    from poolint.fixes.region import Region

_TARGET = re.compile(r"(\w+)[ \t\f]*=(?!=)")
_AWAIT = re.compile(r"await(?:[ \t\f]|\\(?:\r\n|\r|\n))*")
_NEWLINE = re.compile(r"\r\n|\r|\n")


class Enclosing:
    """Carries out an :class:`~poolint.fixes.plans.Enclose`."""

    def __init__(self, plan: Enclose, region: Region, layout: Layout) -> None:
        self.plan = plan
        self.region = region
        self.layout = layout
        statement = region.twin(plan.statement)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise Refused("not a plain assignment")
        target, value = statement.targets[0], statement.value
        if not isinstance(target, ast.Name):
            raise Refused("not bound to a name")
        call = value.value if isinstance(value, ast.Await) else value
        if not isinstance(call, ast.Call) or (plan.keeps_await and not isinstance(value, ast.Await)):
            raise Refused("not the checkout's call")
        self.statement, self.target, self.value, self.call = statement, target, value, call
        self.method: ast.Attribute | None = None
        if plan.method:
            if not isinstance(call.func, ast.Attribute):
                raise Refused("no method to be renamed")
            self.method = call.func
        if plan.asynchronous and not isinstance(region.function(statement), ast.AsyncFunctionDef):
            raise Refused("not in an `async def`")
        self.suite = region.suite(statement)
        self.deletions = Deletions(region, layout, [region.twin(one) for one in plan.deleted])
        self.last = region.twin(plan.last)
        self.body = self._body()

    def _body(self) -> list[ast.stmt]:
        """The statements that go into the block, also those that go altogether."""
        indices = {one: index for index, one in enumerate(self.suite)}
        first, last = indices[self.statement] + 1, indices.get(self.last, -1)
        body = self.suite[first : last + 1]
        if all(map(self.deletions.goes, body)):
            raise Refused("nothing is left for the block")
        return body

    # Rows.

    def change_rows(self) -> None:
        """Write the header and shift the block."""
        self._check_alone()
        # What goes has no place to shift to, and what stays of a dissolved `try` shifts back from where it is then.
        self.deletions.change_rows()
        self._write_header()
        rows = range(last_row(self.statement) + 1, last_row(self.last) + 1)
        self.layout.indent(rows, *self.region.step(self.statement))

    def _check_alone(self) -> None:
        layout, region = self.layout, self.region
        if not layout.begins_alone(region.position(self.statement)):
            raise Refused("stands in a row with something else")
        for one in (self.statement, self.last):
            if layout.rest(region.end(one))[:1] not in ("", "#"):
                raise Refused("stands in a row with something else")
        if first_row(self.body[0]) <= last_row(self.statement):
            raise Refused("stands in a row with something else")

    def _write_header(self) -> None:
        layout, region = self.layout, self.region
        start, end = region.position(self.statement), region.end(self.statement)
        row = region.source.lines[start.row - 1]
        match = _TARGET.match(row, start.column - 1)
        if match is None:
            raise Refused("a target of an unusual form")
        keyword = "async with" if self.plan.asynchronous else "with"
        blank = "" if row[match.end()] in " \t\f\\" else " "
        layout.replace(Range(start, Position(start.row, match.end() + 1)), keyword + blank)
        if isinstance(self.value, ast.Await) and not self.plan.keeps_await:
            self._drop_await(self.value)
        if self.method is not None:
            place = region.end(self.method)
            layout.replace(Range(Position(place.row, place.column - len(self.method.attr)), place), self.plan.method)
        layout.replace(Range(end, end), f" as {match[1]}:")

    def _drop_await(self, value: ast.Await) -> None:
        start = self.region.position(value)
        match = _AWAIT.match(self.region.text(Range(start, self.region.position(value.value))))
        if match is None:
            raise Refused("an `await` of an unusual form")
        rows = _NEWLINE.split(match.group())
        column = len(rows[-1]) + (start.column if len(rows) == 1 else 1)
        self.layout.replace(Range(start, Position(start.row + len(rows) - 1, column)), "")

    # The tree.

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        before = self.suite.index(self.statement)
        kept_after = self.suite[self.suite.index(self.last) + 1 :]
        self.deletions.change_tree()
        after = [one for one in kept_after if any(one is other for other in self.suite)]
        body = self.suite[before + 1 : len(self.suite) - len(after)]
        if self.method is not None:
            self.method.attr = self.plan.method
        target = ast.Name(self.target.id, ast.Store())
        item = ast.withitem(self.value if self.plan.keeps_await else self.call, target)
        kind = ast.AsyncWith if self.plan.asynchronous else ast.With
        self.suite[before:] = [kind(items=[item], body=body, type_comment=None), *after]
