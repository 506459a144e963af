"""Observes the engine that takes most of a server's connections where the services of a deployment may take too many.

Files of deployments are looked for when a module makes an engine, once for each folder, and nowhere else.
"""

from __future__ import annotations

import ast
import io
import os
from typing import TYPE_CHECKING

from poolint.analyses.waypoints import Waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.diagnostics import Position, Range
from poolint.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.waypoints import What
    from poolint.budget import Budget, Row
    from poolint.configuration.deployed import Deployed
    from poolint.configuration.engines import Engines, EngineSpec
    from poolint.configuration.fleet import Fleet
    from poolint.configuration.reach import Loaded
    from poolint.deployment.declared import Declared
    from poolint.deployment.values import Figure, Place
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class BudgetExceeded(Observation, frozen=True, eq=False):
    """An engine or pool that takes the most of more connections than the server has. ``node`` is the argument that says
    how many, or the call that makes it. ``row`` is its part of ``budget``, ``path`` where the figures are from.
    """

    budget: Budget
    row: Row
    path: tuple[Waypoint, ...]

    @property
    def is_possible(self) -> bool:
        """Whether it takes tasks that ask for several connections each."""
        return not self.budget.is_over_in_use


_MAX_ROWS = 6
"""Rows of a budget that the path leads to."""


class Spending:
    """Compares what services may take with what their server has. One for each project.

    ``declared`` is what the project says of its deployment in its settings, which stand in the folder ``root``; ``deployed``
    says how that is deployed.
    """

    def __init__(
        self,
        ev: Evaluator,
        engines: Callable[[], Engines],
        deployed: Callable[[], Deployed],
        declared: Declared | None,
        root: str,
    ) -> None:
        self._ev = ev
        self._engines = engines
        self._deployed = deployed
        self._declared = declared
        self._root = os.path.abspath(root)
        self._fleet: Fleet | None = None
        self.makers = frozenset(name.rpartition(".")[2].encode() for name in ev.models.makers)
        """One of these stands in the text of each module that makes an engine or a pool."""

    @property
    def fleet(self) -> Fleet:
        """The budgets of the project, as far as they have been asked for."""
        if self._fleet is None:
            from poolint.configuration.fleet import Fleet

            self._fleet = Fleet(self._ev.project, self._engines(), self._makes, self._uses, self._declared, self._root)
        return self._fleet

    @property
    def left_out(self) -> list[str]:
        """A line for each deployment file that was looked at and is too much to be read."""
        return self._fleet.left_out if self._fleet is not None else []

    def _makes(self, data: bytes) -> bool:
        """Whether a text may name something that makes an engine or a pool."""
        return any(name in data for name in self.makers)

    def _uses(self, program: Loaded) -> Callable[[ast.expr, Scope], bool]:
        """What says of an engine whether a program may take a connection from it."""
        from poolint.analyses.engine_use import EngineUse

        return EngineUse(self._ev, self._deployed(), program).is_used

    def observe(self, scope: Scope) -> Iterator[BudgetExceeded]:
        """The engines made in ``scope`` that take the most where too many may be taken."""
        for spec in self._engines().of_scope(scope):
            place = (spec.path, spec.row)
            here = [
                (one, row)
                for one in self.fleet.over(spec.path)
                if (row := one.largest) is not None and row.pool.place == place
            ]
            if here:
                budget, row = max(here, key=lambda each: each[0].total - (each[0].available or 0))
                node = _node(spec)
                yield BudgetExceeded(node, scope.qualified_name, scope.is_async, budget, row, _path(budget, row))


def _path(budget: Budget, row: Row) -> tuple[Waypoint, ...]:
    """Where the figures are from: those of the largest part one by one, the other parts whole."""
    found: list[Waypoint] = []
    factors: tuple[tuple[What, Figure], ...] = (("processes", row.processes), ("replicas", row.replicas))
    for what, figure in factors:
        if figure.place is not None and (figure.value or 0) > 1:
            found.append(_waypoint(what, figure.place, str(figure.value), row.service.name, figure.how))
    found += [
        _waypoint("connections", one.service.place, one.service.name, str(one.least), one.pool.name)
        for one in budget.rows[:_MAX_ROWS]
    ]
    totals: tuple[tuple[What, Figure], ...] = (
        ("migrations", budget.migrations),
        ("max-connections", budget.max_connections),
    )
    for what, figure in totals:
        if figure.place is not None and (figure.value or what == "max-connections"):
            found.append(_waypoint(what, figure.place, str(figure.value), figure.how))
    return tuple(found)


def _node(spec: EngineSpec) -> ast.AST:
    """The argument that sets the larger part of the limit in this call, or the call."""
    parts = [(spec.maker.size, spec.size), (spec.maker.overflow, spec.overflow)]
    for name, part in sorted(parts, key=lambda one: -(one[1].most or 0)):
        for keyword in spec.node.keywords if isinstance(spec.node, ast.Call) else ():
            if keyword.arg == name and keyword.value is part.node:
                return keyword
    return spec.node


def _waypoint(what: What, place: Place, *about: str) -> Waypoint:
    """A waypoint at the text of a row of any file."""
    try:
        data = read_regular(place.path)
    except OSError:
        data = b""
    rows = io.StringIO(data.decode("utf-8", "replace"), newline=None)
    text = next((line for row, line in enumerate(rows, 1) if row == place.row), "").rstrip()
    begin = len(text) - len(text.lstrip())
    at = Range(Position(place.row, begin + 1), Position(place.row, len(text) + 1))
    return Waypoint(what, place.path, at, about)


DETECTOR = Detector(
    "spending", lambda services: services.spending.observe, words=lambda services: services.spending.makers
)
