"""Which functions a request of others may lead to, or a task in a queue, and which anything at all sets off that a library calls.

A request asks for a function if a framework calls it for one, or for what one needs, or if a function calls it that a request
asks for, also in a thread that it waits for, or makes it and gives it back, as decorators do. What is handed to somebody else,
to a thread, a schedule or an object of the project, is asked for by nobody as far as is seen: who runs it, and how many times
at once, the code does not say. More is set off: what libraries call on any occasion, as when an application starts, what is
handed on by what has been set off, what is kept or handed on at the top of a module, where anything may become of it, and what
something unknown decorates, or calls as a method of its own. Nobody sets off what the project mentions nowhere else, what it
runs by itself, as a command or on an event loop of its own, and what runs as a module is imported.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.given_work import IN_THREAD, GivenWork
from poolint.analyses.project_calls import ProjectCalls
from poolint.analyses.repetition import takes_request
from poolint.flow.summaries import Summaries
from poolint.frameworks.entries import parameters
from poolint.frameworks.hooks import occasions_handed, runs
from poolint.syntax.commands import is_command
from poolint.syntax.expressions import is_implied
from poolint.syntax.scopes import parent_of, reads_of, statement_of
from poolint.syntax.surroundings import COMPREHENSIONS, REPEATING, around
from poolint.types.known_bases import has_known_bases
from poolint.types.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_SERVING = ("request", "message", "dependency", "at-once")
"""Occasions on which libraries call a function for somebody who waits."""
_ASKING = (*_SERVING, "task", "flow")
"""The same, or for somebody who has left a task in a queue."""
_OF_MANY = (*_ASKING, "after-response")
"""The same, or for somebody who has got a response."""
_OF_OTHERS = tuple(one for one in _ASKING if one != "message")
"""The same, but for those who write to a chat."""
_SETTING_OFF = (*_OF_MANY, "job", "start", "child")


class Requested:
    """Answers for the functions of one project; each question is a problem of summaries. ``is_unreached`` says that nobody runs
    one, as where nothing mounts the router that it is for: what it calls is not asked for by it."""

    def __init__(self, ev: Evaluator, is_unreached: Callable[[Scope], bool]) -> None:
        self._ev = ev
        self._is_unreached = is_unreached
        self._calls = ev.derived(ProjectCalls)
        self._given = ev.derived(GivenWork)
        self._asked: Summaries[ScopeKey, bool] = Summaries("asked-for", self._is_asked, bottom=False, join=bool.__or__)
        self._served: Summaries[ScopeKey, bool] = Summaries("served", self._is_served, bottom=False, join=bool.__or__)
        self._many: Summaries[ScopeKey, bool] = Summaries("of-many", self._is_of_many, bottom=False, join=bool.__or__)
        self._set_off: Summaries[ScopeKey, bool] = Summaries(
            "set-off", self._is_set_off, bottom=False, join=bool.__or__
        )
        self._others: Summaries[ScopeKey, bool] = Summaries(
            "asked-for-otherwise", self._is_asked_by_others, bottom=False, join=bool.__or__
        )

    def is_asked_for(self, scope: Scope) -> bool:
        """Whether a request, or a task in a queue, leads to a function by calls alone."""
        return scope.kind not in ("function", "lambda") or self._asked.of(scope.key)

    def is_served(self, scope: Scope) -> bool:
        """Whether a request leads to a function by calls alone: there somebody waits for its end."""
        return scope.kind not in ("function", "lambda") or self._served.of(scope.key)

    def is_for_messages(self, scope: Scope) -> bool:
        """Whether messages lead to a function by calls alone, as to a bot's handlers, and neither requests nor tasks do."""
        return scope.kind in ("function", "lambda") and self._served.of(scope.key) and not self._others.of(scope.key)

    def is_of_many(self, scope: Scope) -> bool:
        """Whether a request, a task in a queue, or what is done after a response leads to a function by calls alone, something
        begins it several times at once, or keeps or hands it on at the top of a module."""
        return scope.kind not in ("function", "lambda") or self._many.of(scope.key)

    def is_set_off(self, scope: Scope) -> bool:
        """Whether what a library calls on some occasion may lead to a function, by whatever way."""
        return scope.kind not in ("function", "lambda") or self._set_off.of(scope.key)

    def _is_asked(self, key: ScopeKey) -> bool:
        return self._is_led_to(key, _ASKING, self._asked)

    def _is_served(self, key: ScopeKey) -> bool:
        return self._is_led_to(key, _SERVING, self._served)

    def _is_asked_by_others(self, key: ScopeKey) -> bool:
        return self._is_led_to(key, _OF_OTHERS, self._others)

    def _is_of_many(self, key: ScopeKey) -> bool:
        if self._is_led_to(key, _OF_MANY, self._many):
            return True
        scope = self._ev.project.scope(key)
        return any(
            _runs_beside_itself(mention, inner)
            or (inner.kind not in ("function", "lambda") and self._leads_there(mention, inner, scope))
            for mention, inner in self._calls.mentioned(scope)
        )

    def _is_led_to(self, key: ScopeKey, occasions: tuple[str, ...], answers: Summaries[ScopeKey, bool]) -> bool:
        scope = self._ev.project.scope(key)
        is_led_to = self._is_called(scope, occasions) or any(
            self._is_handed(mention, inner, occasions)
            or (inner is scope.parent and isinstance(parent_of(mention), ast.Return))  # a decorator's own
            or (self._is_run(mention, inner, scope) and answers.of(inner.key))
            or any(answers.of(one.key) for one in _reading_table(mention, inner))
            for mention, inner in self._calls.mentioned(scope)
            if inner is not scope
        )
        return is_led_to and not self._is_unreached(scope)

    def _is_run(self, mention: ast.expr, inner: Scope, scope: Scope) -> bool:
        """Whether a function runs another one where it mentions it, also in a thread that it waits for, or as a property."""
        if inner.kind not in ("function", "lambda"):
            return False
        return (
            self._calls.running(mention, inner, scope) is not None
            or self._given.run_by(mention, inner, IN_THREAD) is not None
            or self._calls.is_read(scope)
        )

    def _is_set_off(self, key: ScopeKey) -> bool:
        scope = self._ev.project.scope(key)
        is_set_off = (
            self._is_called(scope, _SETTING_OFF)
            or self._is_taken(scope)
            or any(
                self._is_handed(mention, inner, _SETTING_OFF) or self._leads_there(mention, inner, scope)
                for mention, inner in self._calls.mentioned(scope)
                if inner is not scope
            )
        )
        return is_set_off and not self._is_unreached(scope)

    def _is_taken(self, scope: Scope) -> bool:
        """Whether something unknown may call a function of itself: what decorates it, or what its class derives from, for a
        method that is not private."""
        around = scope.parent or scope
        owner = scope.enclosing_class
        is_open = owner is not None and not scope.name.startswith("_")
        if is_open and owner is not None and not has_known_bases(self._ev, owner, for_coroutines=scope.is_async):
            return True
        decorators = getattr(scope.node, "decorator_list", ())
        return not is_command(scope.node) and any(self._ev.type_of(one, around) is UNKNOWN for one in decorators)

    def _is_called(self, scope: Scope, occasions: tuple[str, ...]) -> bool:
        """Whether a library calls a function on one of these occasions, or passes it something as it does for requests alone; or
        Python calls it for those who do not name it, ``__call__``."""
        return scope.kind == "function" and (
            runs(self._ev, scope, *occasions)
            or (scope.enclosing_class is not None and is_implied(scope.name))
            or next(parameters(self._ev, scope), None) is not None
            or takes_request(self._ev, scope)
        )

    def _is_handed(self, mention: ast.expr, inner: Scope, occasions: tuple[str, ...]) -> bool:
        return not occasions_handed(self._ev, mention, inner).isdisjoint(occasions)

    def _leads_there(self, mention: ast.expr, inner: Scope, scope: Scope) -> bool:
        """Whether what has been set off, or the top of a module, mentions a function so that it may be run."""
        if inner.kind in ("function", "lambda"):
            return self._set_off.of(inner.key)
        if self._calls.running(mention, inner, scope) is not None or isinstance(parent_of(mention), ast.Attribute):
            return False  # as the module is imported
        return not occasions_handed(self._ev, mention, inner)


def _runs_beside_itself(mention: ast.expr, inner: Scope) -> bool:
    """Whether a coroutine function is called again and again without a wait for each: ``gather(*(send(one) for one in all))``."""
    call = parent_of(mention)
    if not isinstance(call, ast.Call) or call.func is not mention or isinstance(parent_of(call), ast.Await):
        return False
    return isinstance(inner.node, COMPREHENSIONS) or around(call, inner, REPEATING) is not None


def _reading_table(mention: ast.expr, inner: Scope) -> Iterator[Scope]:
    """The functions of a module that read the table in which it has something, ``HANDLERS = {"join": join}``: what is chosen
    from that runs there."""
    statement = statement_of(mention)
    if inner.kind != "module" or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return
    if not isinstance(statement.value, (ast.Dict, ast.List, ast.Tuple, ast.Set)) or statement.value is mention:
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = {one.id for one in targets if isinstance(one, ast.Name)}
    for name in names:
        yield from (one for one, _ in reads_of(name, inner) if one.kind in ("function", "lambda"))
