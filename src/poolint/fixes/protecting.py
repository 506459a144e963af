"""``try``/``finally``: around what may fail, or out of the handler that stood in for it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.diagnostics import Position, Range
from poolint.fixes.deletions import Deletions
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row, is_try, last_row

if TYPE_CHECKING:
    from poolint.fixes.layout import Layout
    from poolint.fixes.plans import HandlerToFinally, Protect
    from poolint.fixes.region import Region

_EXCEPT = re.compile(r"except\b[^#:]*(?=:)")


class Protecting:
    """Carries out a :class:`~poolint.fixes.plans.Protect`."""

    def __init__(self, plan: Protect, region: Region, layout: Layout) -> None:
        if (plan.release is None) == (not plan.moved):
            raise Refused("either moves a release or writes one")
        self.plan = plan
        self.region = region
        self.layout = layout
        self.statement = region.twin(plan.statement)
        self.suite = region.suite(self.statement)
        self.last = region.twin(plan.last)
        self.moved = [region.twin(one) for one in plan.moved]
        if plan.awaited and not isinstance(region.function(self.statement), ast.AsyncFunctionDef):
            raise Refused("not in an `async def`")
        indices = {one: index for index, one in enumerate(self.suite)}
        start, stop = indices[self.statement] + 1, indices.get(self.last, -1) + 1
        self.body = self.suite[start:stop]
        self.in_place = [id(one) for one in self.suite[stop : stop + len(self.moved)]] == [
            id(one) for one in self.moved
        ]
        going = [region.twin(one) for one in plan.deleted]
        self.deletions = Deletions(region, layout, going if self.in_place else [*going, *self.moved])
        if all(map(self.deletions.goes, self.body)):
            raise Refused("nothing is left to protect")
        # With several statements in front of it, or if it is to go itself, a `try` cannot take the `finally`.
        only = self.body[0] if len(self.body) == 1 else None
        self.host = only if only is not None and is_try(only) and not getattr(only, "finalbody", []) else None

    # Rows.

    def change_rows(self) -> None:
        """Put in ``try:`` and ``finally:`` and shift what goes under them."""
        layout = self.layout
        self._check_alone()
        self.base, self.unit = self.region.step(self.statement)
        # The order matters where a `try` dissolves: what stood in it moves outwards first.
        self.deletions.change_rows()
        start, end = first_row(self.body[0]), last_row(self.last)
        if self.host is None:
            layout.indent(range(start, end + 1), self.base, self.unit)
            layout.insert(start, [f"{self.base}try:"])
        self._put_finally(end)

    def _put_finally(self, end: int) -> None:
        layout, inner = self.layout, self.base + self.unit
        if not self.in_place or not self.moved:
            layout.insert(end + 1, [f"{self.base}finally:", *self._texts(inner)])
            return
        first = first_row(self.moved[0])
        while first - 1 > end and layout.is_comment(first - 1):
            first -= 1
        blank = first
        while blank - 1 > end and layout.is_blank(blank - 1):
            blank -= 1
        layout.delete(range(blank, first))
        if self.host is None:
            layout.indent(range(end + 1, blank), self.base, self.unit)  # comments behind the last statement
        layout.insert(first, [f"{self.base}finally:"])
        layout.indent(range(first, last_row(self.moved[-1]) + 1), self.base, self.unit)

    def _texts(self, indentation: str) -> list[str]:
        """The rows of the ``finally`` where they do not stand there already."""
        if self.plan.release is not None:
            return [f"{indentation}{'await ' if self.plan.awaited else ''}{ast.unparse(self.plan.release)}"]
        texts = []
        for one in self.moved:
            rows = range(first_row(one), last_row(one) + 1)
            texts += self.layout.moved_text(rows, self.layout.indentation(rows[0]), indentation)
        return texts

    def _check_alone(self) -> None:
        layout, region = self.layout, self.region
        first = self.body[0]
        if not layout.begins_alone(Position(first_row(first), region.position(first).column)):
            raise Refused("stands in a row with something else")
        if not layout.begins_alone(region.position(self.statement)) or first_row(first) <= last_row(self.statement):
            raise Refused("stands in a row with something else")
        for one in (self.last, *self.moved[-1:]):
            if layout.rest(region.end(one))[:1] not in ("", "#"):
                raise Refused("stands in a row with something else")
        for one in self.moved:
            if not layout.begins_alone(region.position(one)):
                raise Refused("stands in a row with something else")

    # The tree.

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        final = list(self.moved)
        if self.plan.release is not None:
            call: ast.expr = self.plan.release
            final = [ast.Expr(ast.Await(call) if self.plan.awaited else call)]
        before = self.suite.index(self.statement) + 1
        kept_after = self.suite[self.suite.index(self.last) + 1 :]
        self.deletions.change_tree()
        if self.in_place:
            kept_after = kept_after[len(self.moved) :]
        after = [one for one in kept_after if any(one is other for other in self.suite)]
        body = self.suite[before : len(self.suite) - len(after)]
        if self.in_place and self.moved:
            body = body[: -len(self.moved)]
        if self.host is not None:
            self.host.finalbody = final  # type: ignore[attr-defined]
            self.suite[before:] = [*body, *after]
        else:
            self.suite[before:] = [ast.Try(body=body, handlers=[], orelse=[], finalbody=final), *after]


class HandlerBecomesFinally:
    """Carries out a :class:`~poolint.fixes.plans.HandlerToFinally`."""

    def __init__(self, plan: HandlerToFinally, region: Region, layout: Layout) -> None:
        self.region = region
        self.layout = layout
        self.statement = region.twin(plan.statement)
        self.tail = [region.twin(one) for one in plan.tail]
        if len(self.statement.handlers) != 1 or self.statement.orelse or self.statement.finalbody:
            raise Refused("more than one handler")
        self.handler = self.statement.handlers[0]
        self.deletions = Deletions(region, layout, [self.handler.body[-1], *self.tail])
        repeated, said = self.handler.body[:-1], self.tail
        if not said or [ast.dump(one) for one in repeated] != [ast.dump(one) for one in said]:
            raise Refused("handler and tail differ")

    def change_rows(self) -> None:
        """Rename the handler and take out what it made necessary."""
        start = self.region.position(self.handler)
        row = self.region.source.lines[start.row - 1]
        match = _EXCEPT.match(row, start.column - 1)
        if match is None or first_row(self.handler.body[0]) == start.row:
            raise Refused("a handler of an unusual form")
        self.layout.replace(Range(start, Position(start.row, match.end() + 1)), "finally")
        self.deletions.change_rows()

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        self.deletions.change_tree()
        self.statement.finalbody = self.handler.body
        self.statement.handlers = []
