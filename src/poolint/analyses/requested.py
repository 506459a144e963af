"""Which functions a request of others may lead to, or a task in a queue, and which are there for jobs and commands alone.

A request leads to a function if a framework calls it for one, or for what one needs or leaves to be done, if a function calls
it to which a request leads, or hands it to somebody, and if it is kept or handed on at the top of a module, where anything may
become of it. What a library calls as a job or as an application starts is led to by nobody's request, and neither is what the
project mentions nowhere else.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.project_calls import ProjectCalls
from poolint.flow.summaries import Summaries
from poolint.frameworks.entries import parameters
from poolint.frameworks.hooks import occasions_handed, runs
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_OF_OTHERS = ("request", "message", "task", "dependency", "after-response", "flow", "at-once")
"""Occasions on which libraries call a function for somebody; the others are the project's own."""


class Requested:
    """Answers for the functions of one project; the question is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._calls = ev.derived(ProjectCalls)
        self._led_to: Summaries[ScopeKey, bool] = Summaries(
            "led-to-by-requests", self._is_led_to, bottom=False, join=bool.__or__
        )

    def is_led_to(self, scope: Scope) -> bool:
        """Whether a request, or a task in a queue, may lead to a function."""
        return scope.kind not in ("function", "lambda") or self._led_to.of(scope.key)

    def _is_led_to(self, key: ScopeKey) -> bool:
        scope = self._ev.project.scope(key)
        if scope.kind == "function" and self._is_called_for_others(scope):
            return True
        return any(
            self._leads_there(mention, inner, scope)
            for mention, inner in self._calls.mentioned(scope)
            if inner is not scope
        )

    def _is_called_for_others(self, scope: Scope) -> bool:
        """Whether a framework calls a function for somebody, or passes it something as it does for requests alone."""
        return runs(self._ev, scope, *_OF_OTHERS) or next(parameters(self._ev, scope), None) is not None

    def _leads_there(self, mention: ast.expr, inner: Scope, scope: Scope) -> bool:
        """Whether a request may lead to a function where another one, or the top of a module, mentions it."""
        if inner.kind in ("function", "lambda"):
            return self._led_to.of(inner.key)
        if self._calls.running(mention, inner, scope) is not None or isinstance(parent_of(mention), ast.Attribute):
            return False  # as the module is imported
        occasions = occasions_handed(self._ev, mention, inner)
        return not occasions or not occasions.isdisjoint(_OF_OTHERS)
