"""Handlers that end with ``raise``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.diagnostics import Position
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row, last_row

if TYPE_CHECKING:
    from poolint.fixes.layout import Layout
    from poolint.fixes.plans import Reraise
    from poolint.fixes.region import Region

_GOES = (ast.Pass, ast.Continue, ast.Break, ast.Return)


class Reraising:
    """Carries out a :class:`~poolint.fixes.plans.Reraise`."""

    def __init__(self, plan: Reraise, region: Region, layout: Layout) -> None:
        self.region = region
        self.layout = layout
        self.last = region.twin(plan.last)
        value = getattr(self.last, "value", None)
        self.goes = isinstance(self.last, _GOES) and (value is None or isinstance(value, ast.Constant))
        if isinstance(self.last, ast.Return) and not self.goes:
            raise Refused("gives something back")

    def change_rows(self) -> None:
        """Put in a row, or write over what goes."""
        if self.goes:
            self.layout.replace(self.region.range(self.last), "raise")
            return
        row = first_row(self.last)
        rest = self.layout.rest(self.region.end(self.last))
        if not self.layout.begins_alone(Position(row, self.region.position(self.last).column)) or rest[:1] not in "#":
            raise Refused("shares a row with another statement")
        self.layout.insert(last_row(self.last) + 1, [f"{self.layout.indentation(row)}raise"])

    def change_tree(self) -> None:
        """Do the same to the region's tree."""
        suite = self.region.suite(self.last)
        if self.goes:
            suite.pop()
        suite.append(ast.Raise())
