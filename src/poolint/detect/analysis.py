"""Everything that the detectors observe in one module."""

from __future__ import annotations

import ast
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from poolint.analyses.never_returning import is_never_begun
from poolint.detect.detector import Question, Scopes, detectors
from poolint.detect.observation import Dismissed, GivenUp
from poolint.detect.services import Services
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags
from poolint.flow.summaries import MAX_RISES, UnsolvedError
from poolint.syntax.reaching import under_type_checking

if TYPE_CHECKING:
    from poolint.crashes import Crashes
    from poolint.detect.detector import Detector
    from poolint.detect.observation import Observation
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope


FEW = 4
"""Detectors that may crash over one file before the others are asked without being spared what those have left."""

MOST_FUNCTIONS = 1_000
"""Functions of one file that detectors are asked about, in the order of its rows: some 2 ms of processor time each."""


class Analysis(Services):
    """The services of one project, and the detectors that observe its modules."""

    is_thorough = False
    """Whether what may be is observed, too."""
    asks_for_more = True
    """Whether rules may be selected that are off by default, and what costs much for them alone is observed."""
    asks_why = False
    """Whether what detectors have let pass is kept, too."""
    _questions: list[tuple[Detector, Question]] | None = None
    _flags: Flags | None = None
    """Those of the function that was asked about last."""

    def observations(self, module: Module, crashes: Crashes) -> list[tuple[Scope, Observation]]:
        """What is observed in a module, with the scope in which it stands.

        A detector that crashes is put down and not asked again; nor are those that have crashed before. What all of
        them share may be half known then: after the first ``FEW`` crashes the answer is cut short, to be asked for anew.
        """
        known = len(crashes)
        scopes, given_up = _followed(module)
        found: list[list[tuple[Scope, Observation]]] = [[] for _ in scopes]
        for one in self._asked():
            part = f"detector `{one.name}`"
            if part in crashes or not one.is_about(module):
                continue
            at = _At(scopes[0])
            crashes.guarded(part, partial(self._ask, one, scopes, found, at), None, at)
            if known < len(crashes) <= FEW:
                break
        return [*chain.from_iterable(found), *given_up]

    def _asked(self) -> list[Question]:
        if self._questions is None:
            self._questions = [(one, Question(one, self)) for one in detectors()]
        return [
            question
            for one, question in self._questions
            if (self.is_thorough or not one.thorough) and (self.asks_for_more or not one.on_request)
        ]

    def _ask(self, question: Question, scopes: Scopes, found: list[list[tuple[Scope, Observation]]], at: _At) -> None:
        """Ask a detector about the scopes of a module. What is let pass is kept where that is asked for, and where what it
        asks has no answer, that is observed.
        """
        indices = question.about(scopes)
        if not indices:
            return
        observe = question.observe
        for index in indices:
            at.scope = scopes[index]
            try:
                for answer in observe(at.scope):
                    where, one = answer if isinstance(answer, tuple) else (at.scope, answer)
                    if isinstance(one, Dismissed) and not self.asks_why:
                        continue
                    if self._may_run(one.node, where):
                        found[index].append((where, one))
                    elif self.asks_why:
                        found[index].append((where, Dismissed(one.node, one.function, False, "unreachable")))
            except UnsolvedError:
                end = GivenUp(at.scope.node, at.scope.qualified_name, False, MAX_RISES, "summaries")
                found[index].append((at.scope, end))

    def _may_run(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a place is reached at all: not under ``TYPE_CHECKING``, and not behind what never returns."""
        if under_type_checking(node):
            return False
        if scope.kind != "function" or node is scope.node:
            return True
        if is_never_begun(self.evaluator, scope.outermost_function or scope):
            return False
        return self.graphs.is_reached(node, scope) and self._is_led_to(node, scope)

    def _is_led_to(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a way leads to a place on which tests do not contradict each other: ``if dry: …`` in ``if not dry:``."""
        try:
            graph = self.graphs.of(scope)
        except TooComplex:
            return True
        events = graph.nodes_of(node)
        if events and (self._flags is None or self._flags.scope is not scope):
            self._flags = Flags(scope, graph, settled=True)
        return not events or self._flags is None or any(map(self._flags.lead_to, events))


class _At:
    """The scope that a detector is being asked about."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self) -> tuple[int, str]:
        """The row at which it begins, and its qualified name."""
        return _start(self.scope)[0], self.scope.qualified_name


def _followed(module: Module) -> tuple[Scopes, list[tuple[Scope, Observation]]]:
    """The scopes of a module by their places, up to ``MOST_FUNCTIONS`` functions, and what says where that ends."""
    scopes = sorted(module.scope.descendants(), key=_start)
    functions = 0
    for index, scope in enumerate(scopes):
        functions += isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if functions > MOST_FUNCTIONS:
            end = GivenUp(scope.node, scope.qualified_name, False, MOST_FUNCTIONS, "functions")
            return Scopes(scopes[:index]), [(scope, end)]
    return Scopes(scopes), []


def _start(scope: Scope) -> tuple[int, int]:
    return (getattr(scope.node, "lineno", 0), getattr(scope.node, "col_offset", 0))
