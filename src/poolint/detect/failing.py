"""Observations about sessions that are used after a flush or a commit of theirs has failed, and before they are rolled back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.failed_sessions import FailedSessions
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await, tries_around
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


class FailedSessionUsed(Observation, frozen=True, eq=False):
    """A call that reaches the database with a session of which a flush or a commit has failed before.

    ``resource`` is the session, ``used`` and ``failing`` what is called, as written, ``refusal`` the exception that it raises.
    ``handler`` is the one that takes the failure. ``again``: it comes before what fails, in a later round of a loop.
    """

    resource: str
    used: str
    failing: str
    failing_row: int
    refusal: str
    handler: ast.ExceptHandler
    is_awaited: bool
    again: bool
    path: tuple[Waypoint, ...]
    on_request = True


class Failing:
    """Observes the functions of one project that have handlers."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self._graphs = services.graphs
        self._failed = FailedSessions(services.evaluator, services.holdings)

    def observe(self, scope: Scope) -> Iterator[FailedSessionUsed]:
        """The first use of each session that has failed, after each handler that takes that."""
        if scope.kind != "function":
            return
        handlers = {one: self._handler(one, scope) for one in scope.calls}
        tried = {one: handler for one, handler in handlers.items() if handler is not None}
        told: set[ast.AST] = set()
        for name, refusal in self._failed.refusing(scope).items() if tried else ():
            try:
                found = self._of_session(name, tried, scope)
            except TooComplex:
                return
            for (handler, use), failing in found.items():
                if use not in told:
                    told.add(use)
                    yield self._observation(name, refusal, handler, failing, use, scope)

    def _of_session(
        self, name: str, tried: dict[ast.Call, ast.ExceptHandler], scope: Scope
    ) -> dict[tuple[ast.ExceptHandler, ast.Call], ast.Call]:
        """What fails first, by the handler that takes it and the first use behind that."""
        found: dict[tuple[ast.ExceptHandler, ast.Call], ast.Call] = {}
        failing = self._failed.failing(name, tried, scope)
        graph = self._graphs.of(scope) if failing else None
        met: set[ast.ExceptHandler] = set()
        for call, outcome in failing.items():
            handler = tried[call]
            if graph is None or handler in met:
                continue
            uses = self._failed.used_after(call, outcome, name, graph, scope)
            if uses:
                met.add(handler)
                found[handler, _first(uses, call)] = call
        return found

    def _handler(self, node: ast.AST, scope: Scope) -> ast.ExceptHandler | None:
        """The innermost handler of a function that takes the failure of a call."""
        handlers = (handler for one in tries_around(node, scope) for handler in one.handlers)
        return next((one for one in handlers if self._failed.takes(one, scope)), None)

    def _observation(
        self, name: str, refusal: str, handler: ast.ExceptHandler, failing: ast.Call, use: ast.Call, scope: Scope
    ) -> FailedSessionUsed:
        path = (waypoint("fails", failing, scope.module, text_of(failing.func, scope)),)
        return FailedSessionUsed(
            use,
            scope.qualified_name,
            may_await(use, scope),
            name,
            text_of(use.func, scope),
            text_of(failing.func, scope),
            failing.lineno,
            refusal.rpartition(".")[2],
            handler,
            isinstance(parent_of(failing), ast.Await),
            use.lineno <= failing.lineno,
            path,
        )


def _first(uses: list[ast.Call], failing: ast.Call) -> ast.Call:
    """The use that comes first: behind what fails, and only then in the next round."""
    return min(uses, key=lambda one: (one.lineno <= failing.lineno, one.lineno))


DETECTOR = Detector("failing", lambda services: Failing(services).observe, of="handlers", near=True, on_request=True)
