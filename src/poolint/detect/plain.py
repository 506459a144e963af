"""Coroutines that need no event loop: as plain functions they would run in threads, and hold up nobody."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.occasions import Occasions
from poolint.analyses.waypoints import waypoint
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import runs_plain_ones_in_threads
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of
from poolint.types.decorated import is_awaited_by_decorators
from poolint.types.overrides import Heirs, is_left_open
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 3
"""Coroutines above each other of which each only awaits the next; who writes them has no more between an endpoint and its
queries."""


class PlainFunctions:
    """Answers for the coroutines of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._need: Summaries[ScopeKey, bool] = Summaries(
            "needs-loop", lambda key: self._needs(ev.project.scope(key)), bottom=False, join=bool.__or__
        )
        self._for_loops = ev.models.words("makes-task", "starts", "starts-later", "at-once")

    def above(self, scope: Scope) -> tuple[Waypoint, ...] | None:
        """Where coroutines await one that need no loop either, up to the endpoints, of which a plain one would run in a
        thread; none where it is such an endpoint itself. None where something has to be awaited in one of them, or others
        run it as well."""
        return self._above(scope, _MAX_DEPTH)

    def _above(self, scope: Scope, depth: int) -> tuple[Waypoint, ...] | None:
        if not _is_coroutine(scope) or self._need.of(scope.key):
            return None
        if runs_plain_ones_in_threads(self.ev, scope):
            return None if is_awaited_by_decorators(self.ev, scope) else ()
        occasions = self.ev.derived(Occasions)
        if not depth or scope.node.decorator_list or not occasions.calls.is_called_by_name(scope):  # type: ignore[attr-defined]
            return None
        found: dict[Waypoint, None] = {}
        for call, inner in self.ev.callers.of(scope):
            higher = self._above(inner, depth - 1) if isinstance(parent_of(call), ast.Await) else None
            if higher is None:
                return None
            found[waypoint("awaits-nothing-else", call, inner.module, inner.name)] = None
            found.update(dict.fromkeys(higher))
        if not found or occasions.is_handed_on(scope):
            return None
        return tuple(sorted(found, key=lambda one: (one.filename != scope.module.source.path, one.filename, one.range)))

    def _needs(self, scope: Scope) -> bool:
        """Whether something in a coroutine has to be awaited, or asks for the loop that it runs on."""
        if not _is_coroutine(scope) or not self._for_loops.isdisjoint(scope.called):
            return True
        for node in walk(scope.node):
            if isinstance(node, (ast.AsyncFor, ast.AsyncWith)) or getattr(node, "is_async", False):
                return True
            if isinstance(node, ast.Await) and self._has_to_wait(node, scope):
                return True
        return False

    def _has_to_wait(self, node: ast.Await, scope: Scope) -> bool:
        """Whether something that is awaited is no coroutine of the project, or one that needs a loop itself."""
        found = callees_of(self.ev, node.value, scope) if isinstance(node.value, ast.Call) else []
        return not found or any(not isinstance(one, Function) or self._waits(one) for one in found)

    def _waits(self, called: Function) -> bool:
        """Whether a coroutine of the project needs a loop, or one of those that may run in its place."""
        heirs = self.ev.derived(Heirs)
        if is_left_open(called.scope):
            written = heirs.written(called)
            return not written or any(self._need.of(one.key) for one in written)
        is_method = called.scope.enclosing_class is not None
        return (is_method and heirs.is_overridden(called.scope)) or self._need.of(called.scope.key)


def _is_coroutine(scope: Scope) -> bool:
    return scope.kind == "function" and scope.is_async and not scope.is_generator
