"""What is handed to tasks that nobody waits for: by a call that begins one, or in functions of the project below it."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.conditions import is_excluded
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.left_alone import is_left_alone
from poolint.analyses.places import Places
from poolint.analyses.starters import STARTED, Starters
from poolint.detect.dropped_threads import DroppedThreads
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import runs_after_response
from poolint.syntax.expressions import is_partial
from poolint.syntax.scopes import ScopeKey
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

When = Literal["", "at-once", "after-response"]
"""When a task begins that gets something; empty where it gets nothing."""


class Passed(NamedTuple):
    """A place in a function, relative to a parameter of it, and what the call of the function fixes of its parameters."""

    function: ScopeKey
    place: str
    fixed: Known


class Backgrounds:
    """Answers for the functions of one project; which of them hand a place to a task is a problem of summaries."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.using = services.using
        self.edges = services.edges
        self.objects = services.holdings.objects
        self.starters = Starters(services.evaluator, services.edges, services.components)
        self.threads = DroppedThreads(services.evaluator, self.starters)
        self.places = self.ev.derived(Places)
        self._passing: dict[ast.Call, list[tuple[Scope, str, str]]] = {}
        self._calls: dict[Scope, list[ast.Call]] = {}
        self._makes_task = self.ev.models.words("makes-task")
        self._handing: Summaries[Passed, When] = Summaries(
            "hands-to-task", self._of_function, bottom="", join=max, components=services.components
        )
        self._near: Summaries[ScopeKey, bool] = Summaries(
            "may-hand-to-task", self._may_hand, bottom=False, join=or_, components=services.components
        )
        """Whether functions hand anything to a task, or call one that does with what may be handed: most do not, and of these
        nobody need find out what is known of their parameters."""

    def handed(self, node: ast.Call, scope: Scope, known: Known = ()) -> Iterator[tuple[str, When]]:
        """The places in ``scope`` that a call hands to a task, here or below, and when that begins; nothing where the call
        is not made for what is ``known`` of the function's parameters."""
        if known and is_excluded(node, scope, known):
            return
        if not self._begins_itself(node, scope):
            yield from self._below(node, scope, known)
        yield from self.begun_with(node, scope, known)

    def begun_with(self, node: ast.Call, scope: Scope, known: Known = ()) -> Iterator[tuple[str, When]]:
        """The places in ``scope`` of what a call begins a task with, itself or by a function that starts what it is passed."""
        if runs_after_response(self.ev, node, scope):
            for place in self._given(node, scope):
                yield place, "after-response"
        elif last_name(node.func) in self._makes_task and node.args:
            work = node.args[0]
            is_alone = isinstance(work, ast.Call) and not self.starters.is_of_group(node, scope)
            if isinstance(work, ast.Call) and is_alone and self.starters.is_dropped(node, scope):
                for place in self._of_work(work.func, work.args, work.keywords, scope):
                    yield place, "at-once"
        elif (run := self.threads.work(node, scope)) is not None:
            for place in self._of_work(run.function, run.given, run.keywords, scope):
                if self.threads.outlives(node, place, scope):
                    yield place, "at-once"
        elif self._may_start(node, scope):
            for one, how in self.starters.work(node, scope, known):
                for place in self._of_work(one.function, one.given, one.keywords, scope):
                    yield place, "at-once" if how & STARTED else "after-response"

    def passing(self, scope: Scope, place: str) -> Iterator[tuple[ast.Call, Scope, str]]:
        """The calls of a function that make it hand to a task what is at a place relative to a parameter of it, each with
        its scope, and where that is there."""
        for call, inner in self.ev.callers.of(scope):
            for callee, name, outside in self._all_passed(call, inner):
                if callee is scope and name == place and self._hands_below(call, inner, callee, name):
                    yield call, inner, outside

    def below(self, node: ast.Call, scope: Scope, place: str) -> Iterator[tuple[Scope, str]]:
        """The functions that a call passes what is at a place, to be handed to a task there or below, with what each calls
        it."""
        for callee, inner, outside in self._all_passed(node, scope):
            if outside == place and self._near.of(callee.key) and self._hands_below(node, scope, callee, inner):
                yield callee, inner

    def _hands_below(self, node: ast.Call, scope: Scope, callee: Scope, place: str, known: Known = ()) -> When:
        return self._handing.of(Passed(callee.key, place, self.edges.enter(node, callee, scope, known)))

    def _given(self, node: ast.Call, scope: Scope) -> Iterator[str]:
        """What work gets: the arguments behind the function, those of a ``partial``, the object of a bound method."""
        if not node.args:
            return
        work = node.args[0]
        if is_partial(work):
            yield from self._given(work, scope)
        yield from self._of_work(work, node.args[1:], node.keywords, scope)

    def _of_work(
        self, function: ast.expr, given: list[ast.expr], keywords: list[ast.keyword], scope: Scope
    ) -> Iterator[str]:
        """The sessions and connections that a function is called with, or uses of its object and of objects it is passed."""
        work = ast.Call(function, given, keywords)
        for one in _bound_to(self.ev, function):
            if self._is_kept(one, scope):
                yield self.places.first(name_of(one), scope)
        for keyword, one in arguments_of(work):
            if self._is_kept(one, scope) and not is_left_alone(self.ev, work, keyword, one, scope):
                yield self.places.first(name_of(one), scope)
        yield from self.using.of_call(work, scope)

    def _is_kept(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression names a session or connection, or an object that keeps one."""
        return bool(name_of(node)) and kept_class(self.ev.type_of(node, scope)) is not None

    def _below(self, node: ast.Call, scope: Scope, known: Known) -> Iterator[tuple[str, When]]:
        """What functions of the project hand to tasks of what this call gives them."""
        for callee, inner, place in self._all_passed(node, scope):
            if self._near.of(callee.key):
                when = self._hands_below(node, scope, callee, inner, known)
                if when:
                    yield place, when

    def _may_hand(self, function: ScopeKey) -> bool:
        scope = self.ev.project.scope(function)
        calls = self._handing_calls(scope)
        return any(self.begins(one, scope) for one in calls) or any(
            self._near.of(callee.key) for one in calls for callee, _, _ in self._all_passed(one, scope)
        )

    def begins(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call begins a task, itself or by a function that starts what it is passed."""
        if self._begins_itself(call, scope):
            return True
        return self._may_start(call, scope) and next(self.starters.work(call, scope), None) is not None

    def _begins_itself(self, call: ast.Call, scope: Scope) -> bool:
        is_started = last_name(call.func) in self._makes_task or self.threads.work(call, scope) is not None
        return is_started or runs_after_response(self.ev, call, scope)

    def _may_start(self, call: ast.Call, scope: Scope) -> bool:
        """Whether words let a call pass on work that has a session: what most calls fail at."""
        gets = self.objects.gets_carrier
        made = [one for _, one in arguments_of(call) if isinstance(one, ast.Call)]
        return gets(call, scope) or any(gets(one, scope) or self._is_of_closure(one, scope) for one in made)

    def _is_of_closure(self, call: ast.Call, scope: Scope) -> bool:
        """Whether words let a call be of an inner function that has a session of the one around it."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        inner = next((one for one in scope.children if one.name == name), None) if name else None
        return inner is not None and not self.places.carrying.carriers(scope).isdisjoint(inner.loads)

    def _all_passed(self, node: ast.Call, scope: Scope) -> list[tuple[Scope, str, str]]:
        """What :meth:`_passed` says, found out once, where words do not rule it out."""
        if not self.objects.gets_carrier(node, scope):
            return []
        found = self._passing.get(node)
        if found is None:
            found = list(self._passed(node, scope))
            if self.ev.is_idle:
                self._passing[node] = found
        return found

    def _passed(self, node: ast.Call, scope: Scope) -> Iterator[tuple[Scope, str, str]]:
        """The sessions, connections and objects that keep some which functions of the project get: which function, as what,
        and where each is here."""
        words = self.places.carrying.carriers(scope)
        for keyword, argument in arguments_of(node):
            place = name_of(argument)
            if place and place.partition(".")[0] in words and self._is_kept(argument, scope):
                for callee in callees_of(self.ev, node, scope):
                    if isinstance(callee, Function) and callee.scope.kind == "function":
                        name = parameter_for(callee, node, argument, keyword)
                        if name is not None:
                            yield callee.scope, name, self.places.first(place, scope)
        for callee, inner, place in self.objects.given(node, scope):
            yield callee.scope, inner, place

    def _of_function(self, key: Passed) -> When:
        scope = self.ev.project.scope(key.function)
        found: When = ""
        for call in self._handing_calls(scope):
            for place, when in self.handed(call, scope, key.fixed):
                if place == key.place:
                    found = max(found, when)
        return found

    def _handing_calls(self, scope: Scope) -> list[ast.Call]:
        """The calls of a function that may hand something to a task, whatever is known of its parameters."""
        found = self._calls.get(scope)
        if found is None:
            found = [one for one in scope.calls if self.begins(one, scope) or self._all_passed(one, scope)]
            if self.ev.is_idle:
                self._calls[scope] = found
        return found


def _bound_to(ev: Evaluator, function: ast.expr) -> Iterator[ast.expr]:
    """The object of a bound method: ``session`` of ``session.execute``; ``session.close`` ends it, and may come late."""
    if isinstance(function, ast.Attribute) and function.attr not in ev.models.words("gives-back", "removes"):
        yield function.value
