"""Plain functions that only coroutines call: each runs on an event loop from its beginning to its end, and no other beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.project_calls import ProjectCalls
from poolint.flow.summaries import Summaries

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class OnLoops:
    """Answers for the functions of one project; a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._calls = ev.derived(ProjectCalls)
        self._on: Summaries[ScopeKey, bool] = Summaries("on-loops", self._is_on, bottom=True, join=bool.__and__)

    def runs_uninterrupted(self, scope: Scope) -> bool:
        """Whether a plain function runs on event loops alone: what it holds from its beginning to its end nobody else there holds
        at the same time. What a thread may run as well, or something that is not seen, does not."""
        return scope.kind == "function" and not scope.is_async and not scope.is_generator and self._on.of(scope.key)

    def _is_on(self, key: ScopeKey) -> bool:
        scope = self._ev.project.scope(key)
        if scope.is_async or scope.kind != "function":
            return scope.is_async
        runs = self._calls.of(scope)
        return bool(runs) and all(not one.is_handed and self._on.of(one.scope.key) for one in runs)
