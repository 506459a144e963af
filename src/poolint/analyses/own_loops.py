"""Whether a coroutine has the event loop that it runs on to itself: whoever blocks that loop holds up nobody.

A loop is a coroutine's own if it is made for it, or for what awaits it, and nothing that it comes to on the way starts
something else there: no task, no callback, no coroutine function that is handed on to whoever may run it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.awaited_tasks import is_waited_for
from poolint.analyses.driven import Driven
from poolint.analyses.occasions import Occasions
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import has_own_loop
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of, function_run
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.project_calls import Run
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class OwnLoops:
    """Answers for the functions of one project; each question is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._occasions = ev.derived(Occasions)
        self._own: Summaries[ScopeKey, bool] = Summaries("on-own-loop", self._is_on_own, bottom=False, join=bool.__or__)
        self._busy: Summaries[ScopeKey, bool] = Summaries(
            "starts-on-loop", self._starts_others, bottom=False, join=bool.__or__
        )
        self._driven = ev.derived(Driven)
        self._beside = ev.models.words("makes-task", "starts", "starts-later")
        self._at_once = ev.models.words("at-once")

    def holds_up_nobody(self, scope: Scope) -> bool:
        """Whether a coroutine has an event loop to itself: as an application starts or ends, in a command, or on a loop of its
        own."""
        is_alone = self._occasions.starts(scope) or self._occasions.ends_with_process(scope)
        return is_alone or (scope.kind == "function" and self._own.of(scope.key))

    def _is_on_own(self, key: ScopeKey) -> bool:
        scope = self._ev.project.scope(key)
        if not scope.is_async or self._busy.of(key):
            return False
        is_given = has_own_loop(self._ev, scope)
        calls = self._occasions.calls.named(scope) if is_given else self._occasions.calls.of(scope)
        return (is_given or bool(calls)) and all(map(self._is_for_it_alone, calls))

    def _is_for_it_alone(self, run: Run) -> bool:
        """Whether who calls a coroutine makes a loop for it, or has one to itself and waits for it; or drops it, so that it
        does not run at all."""
        outer = parent_of(run.call)
        if isinstance(outer, ast.Await) or (isinstance(outer, ast.Call) and self._is_waited_for(outer, run.scope)):
            return self.holds_up_nobody(run.scope)
        is_dropped = isinstance(outer, ast.Expr) and not run.is_handed
        if is_dropped or run.scope.is_async:
            return is_dropped
        return self._occasions.calls.is_driven(run) or self._driven.is_kept_for_it(run.call, run.scope)

    def _starts_others(self, key: ScopeKey) -> bool:
        """Whether a function starts something beside itself on the loop that it runs on, or calls one that does. Of those that
        are gathered and awaited nothing runs any more when they have been."""
        scope = self._ev.project.scope(key)
        if not all(self._is_waited_for(one, scope) for one in scope.calls_named(self._beside)):
            return True
        if not all(isinstance(parent_of(one), ast.Await) for one in scope.calls_named(self._at_once)):
            return True
        return any(self._leads_to_others(call, scope) for call in scope.calls)

    def _is_waited_for(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call makes a task that is awaited before anything else can run."""
        return last_name(call.func) in self._beside and is_waited_for(self._ev, call, scope)

    def _leads_to_others(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a function of the project that a call runs does, or a library is given a coroutine function by it, which it
        may run at any time."""
        run = [function_run(self._ev, one) for one in callees_of(self._ev, call, scope)]
        if any(run):
            return any(one is not None and self._busy.of(one.scope.key) for one in run)
        named = [one for one in call_arguments(call) if isinstance(one, (ast.Name, ast.Attribute))]
        given = (each for one in named for each in alternatives(self._ev.type_of(one, scope)))
        return any(isinstance(one, Function) and one.scope.is_async for one in given)
