"""On which occasion alone functions run: as a command that the process ends with, as an application starts, or in turn.

A function runs on such an occasion if it is one that a library calls then, or that a module calls where it is run as a
script, or if all calls of it that the project makes, tests aside, stand in functions that do. One that is mentioned
otherwise may be called by anybody.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, get_args

from poolint.analyses.command_lines import CommandLines
from poolint.analyses.project_calls import ProjectCalls
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import Running, is_handed, is_handed_so, is_run, starts
from poolint.syntax.commands import is_command, is_of_script
from poolint.syntax.importers import importers
from poolint.syntax.nodes import walk
from poolint.syntax.purposes import goes_on_to_serve, is_for, is_of_its_users
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import COMPREHENSIONS, around, goes_on, is_in_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.analyses.project_calls import Run
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class Occasions:
    """Answers for the functions of one project; each question is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.calls = ev.derived(ProjectCalls)
        self._ending: Summaries[ScopeKey, bool] = Summaries("ends-process", self._ends, bottom=False, join=bool.__or__)
        self._scripted: Summaries[ScopeKey, bool] = Summaries(
            "ends-script", self._is_of_a_script, bottom=False, join=bool.__or__
        )
        self._once: Summaries[ScopeKey, bool] = Summaries("runs-once", self._is_once, bottom=False, join=bool.__or__)
        self._starting: Summaries[ScopeKey, bool] = Summaries("starts", self._starts, bottom=False, join=bool.__or__)
        self._alone: Summaries[ScopeKey, bool] = Summaries("runs-alone", self._is_alone, bottom=False, join=bool.__or__)
        self._running: dict[Running, Summaries[ScopeKey, bool]] = {
            one: Summaries(f"runs-{one}", partial(self._is_run_so, one), bottom=False, join=bool.__or__)
            for one in get_args(Running)
        }
        self._handed: Summaries[ScopeKey, bool] = Summaries(
            "handed-on", self._is_handed, bottom=False, join=bool.__or__
        )

    def ends_with_process(self, scope: Scope) -> bool:
        """Whether a function runs once in a process that does nothing else: in a command, and in no loop of it."""
        return scope.kind == "function" and self._ending.of(scope.key)

    def ends_with_script(self, scope: Scope) -> bool:
        """Whether a script alone runs a function, once or again and again, and no more than once at a time; a script is no
        command for the users of an application."""
        return scope.kind == "function" and self._scripted.of(scope.key)

    def starts(self, scope: Scope) -> bool:
        """Whether a function runs as an application starts or ends, and at no other time."""
        return scope.kind == "function" and self._starting.of(scope.key)

    def runs_once(self, scope: Scope) -> bool:
        """Whether a function runs once in a process: on one of these occasions, or as modules are imported."""
        return scope.kind == "function" and self._once.of(scope.key)

    def runs_alone(self, scope: Scope) -> bool:
        """Whether a process runs a function no more than once at a time: it runs once, or is a step of what does, or of the
        one task that was started then."""
        return scope.kind == "function" and self._alone.of(scope.key)

    def runs_in_turn(self, scope: Scope) -> bool:
        """Whether a function runs as a job of a schedule that waits for the one before, in a script, or as an application
        starts, and at no other time."""
        return self._runs("singly", scope)

    def runs_in_turn_in_workers(self, scope: Scope) -> bool:
        """The same where a worker that runs one task after the other, as it does by default, may run it as well."""
        return self._runs("in-workers", scope)

    def runs_apart(self, scope: Scope) -> bool:
        """Whether a function runs as a job of a process that has nothing else to do, in a script, or as an application starts,
        and at no other time."""
        return self._runs("apart", scope)

    def runs_forked(self, scope: Scope) -> bool:
        """Whether a function runs as a job for which a process is forked, that ends with it, and at no other time."""
        return self._runs("forked", scope)

    def is_handed_on(self, scope: Scope) -> bool:
        """Whether a function, or one that calls it, is passed to something that is no hook of a library, or kept by something:
        a thread may run it, or a task that nobody waits for. What is asked of it, as ``charge.delay``, is its decorator's."""
        return scope.kind == "function" and self._handed.of(scope.key)

    def is_of_tests(self, scope: Scope) -> bool:
        """Whether a function of a module is there for tests: nothing else names it."""
        if scope.parent is None or scope.parent.kind != "module" or getattr(scope.node, "decorator_list", None):
            return False
        if next(self.calls.mentioned(scope), None) is not None:
            return False  # who is handed it may call it, too
        scopes = (one for module in self.calls.modules_calling(scope) for one in module.scopes_with(scope.name))
        return any(True for inner in scopes for _ in self.calls.meaning(scope, inner))

    def _ends(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if is_command(scope.node) or self.ev.derived(CommandLines).takes(scope):
            return not is_of_its_users(scope, self.ev.models)
        return self._is_called_from(scope, self._ending, self._begins_a_script) and not goes_on(scope)

    def _is_of_a_script(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        return self._is_called_from(scope, self._scripted, self._begins_a_script, in_loops=True) and not goes_on(scope)

    def _is_once(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if self._ending.of(key) or self._starting.of(key):
            return True
        return self._is_called_from(scope, self._once, self._is_imported_once)

    def _is_alone(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if self._once.of(key):
            return True
        runs = self.calls.of(scope)
        return bool(runs) and all(
            one.scope.kind == "function"
            and around(one.call, one.scope, COMPREHENSIONS) is None
            and (
                self._alone.of(one.scope.key)
                if self._has_ended(one) or not scope.is_async
                else self._once.of(one.scope.key) and not _is_repeated(one.call, one.scope)
            )
            for one in runs
        )

    def _runs(self, running: Running, scope: Scope) -> bool:
        return scope.kind == "function" and self._running[running].of(scope.key)

    def _is_run_so(self, running: Running, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        # A start-up or a script keeps nobody waiting, but no process is forked for each run of it.
        if running != "forked" and (self._starting.of(key) or self._scripted.of(key)):
            return True
        is_task = is_run(self.ev, scope, running)
        if not is_task and (self.calls.is_decorated(scope) or not self.calls.is_called_by_name(scope)):
            return False
        runs: list[Run] = []
        is_handed = False
        for mention, inner in self.calls.mentioned(scope):
            run = self.calls.running(mention, inner, scope)
            if run is not None:
                if inner is not scope:
                    runs.append(run)
            elif is_handed_so(self.ev, mention, inner, running):
                is_handed = True
            elif not is_task:
                return False
        if not runs:
            return is_task or is_handed
        return self._are_only_from(runs, scope, self._running[running], lambda *_: False, in_loops=True)

    def _is_handed(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        is_read = self.calls.is_read(scope)
        for mention, inner in self.calls.mentioned(scope):
            if isinstance(parent_of(mention), ast.Attribute) and not is_read:
                continue
            is_run = is_read or self.calls.running(mention, inner, scope) is not None
            if is_run and (inner is scope or inner.kind == "module" or not self._handed.of(inner.key)):
                continue
            if is_run or isinstance(mention, ast.Lambda) or not is_handed(self.ev, mention, inner):
                return True
        return False

    def _is_called_from(
        self,
        scope: Scope,
        answers: Summaries[ScopeKey, bool],
        at_the_top: Callable[[Run], bool],
        *,
        in_loops: bool = False,
    ) -> bool:
        """Whether a function is called, each time once, or ``in_loops`` one time after the other, and only by functions for
        which the answer is yes, or at the top of modules where the call is one of those ``at_the_top``."""
        return self._are_only_from(self.calls.of(scope), scope, answers, at_the_top, in_loops=in_loops)

    def _are_only_from(
        self,
        runs: list[Run],
        scope: Scope,
        answers: Summaries[ScopeKey, bool],
        at_the_top: Callable[[Run], bool],
        *,
        in_loops: bool,
    ) -> bool:
        """The same of the calls that are known of it."""
        return bool(runs) and all(
            (
                answers.of(one.scope.key)
                if one.scope.kind in ("function", "lambda")
                else one.scope.kind == "module" and at_the_top(one)
            )
            and not (around(one.call, one.scope, COMPREHENSIONS) if in_loops else _is_repeated(one.call, one.scope))
            and (self._has_ended(one) or not scope.is_async)
            for one in runs
        )

    def _begins_a_script(self, run: Run) -> bool:
        """Whether a module makes a call where it is run as a script, and goes on to serve nobody. Who runs an event loop at
        the top of a module that nobody imports runs it as one."""
        module = run.scope.module
        is_bare = self.calls.is_driven(run) and not any(importers(self.ev.project, module))
        return (is_of_script(run.call) or is_bare) and not goes_on_to_serve(module, self.ev.models)

    def _is_imported_once(self, run: Run) -> bool:
        """Whether the top of a module is run once in a process; a cell may be run again."""
        module = run.scope.module
        return module.source.cells is None and not is_for(module, self.ev.models, "runs-again")

    def _has_ended(self, run: Run) -> bool:
        """Whether who calls a coroutine goes on when it has ended: it is awaited, or an event loop is run for it."""
        return self.calls.is_driven(run) or _is_waited_for(run.call)

    def _starts(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if starts(self.ev, scope):
            return True
        goes_on = any(isinstance(one, ast.While) for one in walk(scope.node))
        calls = self.calls.of(scope)
        return bool(calls) and all(
            inner.kind == "function" and not (goes_on and not _is_waited_for(call)) and self._starting.of(inner.key)
            for call, inner, _ in calls
        )


def _is_repeated(call: ast.Call, scope: Scope) -> bool:
    """Whether a function makes a call for each of several things."""
    return is_in_loop(call, scope) or around(call, scope, COMPREHENSIONS) is not None


def _is_waited_for(call: ast.Call) -> bool:
    return isinstance(parent_of(call), (ast.Await, ast.Expr, ast.Assign, ast.Return))
