"""Functions of the project that start a task of what they are passed, and do not wait for it: of a coroutine,
``spawn(write(order))``, or of what a function gives, ``spawn(write, order)``.

What a function does with a parameter is a problem of summaries. A task that it gives back is its caller's to wait for.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.conditions import is_excluded
from poolint.analyses.driven import Driven
from poolint.analyses.given_work import GivenWork
from poolint.analyses.launches import begun_by, blocks, work_of
from poolint.analyses.only_kept import is_kept_by, is_only_kept
from poolint.analyses.submitted import Work
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import runs_after_response
from poolint.models.standard import OF_TASKS, PUT_BY
from poolint.syntax.expressions import is_partial
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import ScopeKey, parent_of, reads_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.definitions import Definitions
from poolint.types.values import Function, Instance, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.callees import Edges
    from poolint.analyses.conditions import Known
    from poolint.flow.summaries import Components
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

STARTED = 1
"""A task of it is started, which begins at once."""
LATER = 2
"""It is run after the response."""
GIVEN_BACK = 4
"""The task is what the function gives."""
CALLED = 8
"""It is called, and the task is of what it gives."""
WITH_REST = 16
"""It is called with the rest of what the function is passed: ``*args``, ``**kwargs``."""

_MAY_WAIT = 32
"""A function may wait for a task that it is passed."""

_WAITED = -1
"""What is waited for somewhere, whatever else becomes of it."""


class _Passed(NamedTuple):
    """A parameter of a function, and what the call of the function fixes of its parameters."""

    function: ScopeKey
    name: str
    fixed: Known


class _Kept(NamedTuple):
    """A parameter of a function, for which it is passed a task."""

    function: ScopeKey
    name: str


class Starters:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, edges: Edges, components: Components | None = None) -> None:
        self.ev = ev
        self.edges = edges
        self._makes_task = ev.models.words("makes-task")
        self._threads = ev.models.words("starts-thread")
        self._driven = ev.derived(Driven)
        self._passed = ev.derived(GivenWork).passed
        self._defined = ev.derived(Definitions).of
        self._how: Summaries[_Passed, int] = Summaries(
            "starts-parameter", self._of_parameter, bottom=0, join=or_, components=components
        )
        self._kept: Summaries[_Kept, int] = Summaries(
            "keeps-task", self._of_task, bottom=0, join=or_, components=components
        )

    def work(self, call: ast.Call, scope: Scope, known: Known = ()) -> Iterator[tuple[Work, int]]:
        """What a call hands to a function of the project that starts it, as it is run, and how; without what that starts and
        gives back to who may wait for it."""
        made = [(keyword, one) for keyword, one in arguments_of(call) if isinstance(one, ast.Call)]
        functions = self._passed(call, scope, frozenset())
        if not (made or functions) or last_name(call.func) not in self._defined(scope.module):
            return
        callee = self._callee(call, scope)
        if callee is None:
            return
        for keyword, argument in arguments_of(call):
            if not isinstance(argument, ast.Call) and argument not in functions:
                continue
            how = self._handed(call, callee, argument, keyword, scope, known)
            if not how or how & GIVEN_BACK:
                continue
            if how & CALLED:
                yield self._called(call, callee, argument, how), how
            elif isinstance(argument, ast.Call) and self._is_coroutine(argument, scope):
                yield Work(argument.func, argument.args, argument.keywords), how

    def is_dropped(self, task: ast.Call, scope: Scope) -> bool:
        """Whether a function does no more with a task than to drop it or to keep it from being collected."""
        return self._uses(task, scope) == STARTED

    def is_of_group(self, call: ast.Call, scope: Scope) -> bool:
        """Whether the task that a call makes belongs to a group, whose block waits for it: to neither `asyncio` nor a loop."""
        function = call.func
        if not isinstance(function, ast.Attribute):
            return False
        if isinstance(function.value, ast.Name) and function.value.id in ("asyncio", "loop"):
            return False
        found = alternatives(self.ev.type_of(function.value, scope))
        owner = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
        return owner is None or not self.ev.models.ends("makes-task", f"{owner.name}.{function.attr}")

    def _callee(self, call: ast.Call, scope: Scope) -> Function | None:
        found = callees_of(self.ev, call, scope)
        one = found[0] if len(found) == 1 else None
        return one if isinstance(one, Function) and one.scope.kind == "function" else None

    def _is_coroutine(self, made: ast.Call, scope: Scope) -> bool:
        one = self.ev.type_of(made, scope)
        return isinstance(one, Pending) and one.call == "coroutine"

    def _called(self, call: ast.Call, callee: Function, function: ast.expr, how: int) -> Work:
        """A function that a call hands on, with the arguments of the call that are no parameters of what gets them."""
        given: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        if how & WITH_REST:
            node = callee.scope.node
            assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            positional = [*node.args.posonlyargs, *node.args.args]
            names = {one.arg for one in (*positional, *node.args.kwonlyargs)}
            given = call.args[len(positional) - (callee.receiver is not None) :]
            keywords = [one for one in call.keywords if one.arg not in names]
        if is_partial(function):
            given, keywords = [*function.args[1:], *given], [*function.keywords, *keywords]
            function = function.args[0]
        return Work(function, given, keywords)

    # What a function does with a parameter

    def _handed(
        self, call: ast.Call, callee: Function, argument: ast.AST, keyword: str | None, scope: Scope, known: Known
    ) -> int:
        """What becomes of an argument of a call, of which the result may be a task."""
        before = call
        if keyword is None:  # what comes behind it has no part in its place
            index = next((at for at, one in enumerate(call.args) if one is argument), 0)
            before = ast.Call(call.func, call.args[: index + 1], [])
        name = parameter_for(callee, before, argument, keyword)
        if name is None:
            return 0
        how = self._how.of(_Passed(callee.scope.key, name, self.edges.enter(call, callee.scope, scope, known)))
        task: ast.AST | None = call
        if callee.scope.is_async:
            task = parent_of(call)
            if not isinstance(task, ast.Await):
                return 0
        if how & GIVEN_BACK:
            used = self._uses(task, scope)
            return (how & ~GIVEN_BACK) | (used & GIVEN_BACK) if used > 0 else 0
        return how

    def _of_parameter(self, key: _Passed) -> int:
        scope = self.ev.project.scope(key.function)
        if scope.is_generator or len(scope.bindings.get(key.name, ())) != 1:
            return 0
        found = 0
        for inner, load in reads_of(key.name, scope):
            if key.fixed and is_excluded(load, scope, key.fixed):
                continue
            how = self._of_read(load, inner, scope)
            if how == _WAITED:
                return 0
            found |= how
        return found

    def _of_read(self, load: ast.Name, inner: Scope, scope: Scope) -> int:
        """What becomes of a parameter where it is read."""
        call = parent_of(load)
        launch = parent_of(call) if isinstance(call, ast.keyword) else call
        if isinstance(launch, ast.Call) and (how := self._of_thread(launch, load, inner)):
            return how | _rest(launch, scope)
        if not isinstance(call, ast.Call):
            return self._of_coroutine(load, inner, scope)
        if call.func is load:
            how = self._of_coroutine(call, inner, scope)
            return how | CALLED | _rest(call, scope) if how > 0 else how
        if call.args and call.args[0] is load and inner is scope and runs_after_response(self.ev, call, scope):
            return LATER | CALLED | _rest(call, scope)
        how = self._of_coroutine(load, inner, scope)
        return how & ~WITH_REST | (how & _rest(call, scope)) if how > 0 else how

    def _of_thread(self, launch: ast.Call, load: ast.Name, inner: Scope) -> int:
        """What becomes of a function that a call has a thread run; 0 where it does not, or where a block waits for that."""
        work = work_of(self.ev, launch, inner) if last_name(launch.func) in self._threads else None
        begun = begun_by(launch, inner) if work is not None and work.function is load else None
        if begun is None or next(blocks(begun, inner), None) is not None:
            return 0
        used = self._uses(launch, inner)
        return used | CALLED if used > 0 else 0

    def _of_coroutine(self, node: ast.AST, inner: Scope, scope: Scope, *, may_be_kept: bool = True) -> int:
        """What becomes of what is made in a function, or in one inside it that is made a task itself."""
        parent, keyword = parent_of(node), None
        if isinstance(parent, ast.keyword):
            keyword, parent = parent.arg, parent_of(parent)
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            name = parent.targets[0].id
            if not may_be_kept or len(inner.bindings.get(name, ())) != 1:
                return 0
            return _together(
                self._of_coroutine(one, where, scope, may_be_kept=False) for where, one in reads_of(name, inner)
            )
        if self._driven.is_driven(node, inner):
            if inner is scope:
                return _WAITED
            if inner.parent is not scope or not inner.is_async:
                return 0
            calls = [(parent_of(one), one) for one in scope.loads.get(inner.name, ())]
            made = [call for call, one in calls if isinstance(call, ast.Call) and call.func is one]
            return _together(self._of_coroutine(one, scope, scope) for one in made)
        if not isinstance(parent, ast.Call) or node is parent.func:
            return 0
        if last_name(parent.func) in self._makes_task:
            is_task = bool(parent.args) and parent.args[0] is node and not self.is_of_group(parent, inner)
            return self._uses(parent, inner) if is_task else 0
        callee = self._callee(parent, inner)
        if callee is None:
            return 0
        if callee.scope.is_async and self._driven.awaits(callee, parent, node, keyword):
            return self._of_coroutine(parent, inner, scope)
        return self._handed(parent, callee, node, keyword, inner, ())

    # What becomes of a task

    def _uses(self, task: ast.AST | None, scope: Scope) -> int:
        """What a function does with a task: nothing, or to give it back; 0 where it may wait for it."""
        parent = parent_of(task) if task is not None else None
        if isinstance(parent, ast.Expr):
            return STARTED
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            found = STARTED
            for _, one in reads_of(parent.targets[0].id, scope):
                used = self._use(one, scope)
                if not used:
                    return 0
                found |= used
            return found
        return self._use(task, scope) if task is not None else 0

    def _use(self, task: ast.AST, scope: Scope) -> int:
        """What one use of a task is: 0 where it may be a waiting for it, which all are but its own methods, a collection that
        keeps it, what gives it back, and a function of the project that does no more than that with it."""
        parent, keyword = parent_of(task), None
        if isinstance(parent, ast.Return):
            return STARTED | GIVEN_BACK
        if isinstance(parent, ast.Attribute) and parent.attr in OF_TASKS:
            return STARTED  # the task is known by what makes it, so its class is no question
        if isinstance(parent, ast.keyword):
            keyword, parent = parent.arg, parent_of(parent)
        if not isinstance(parent, ast.Call) or parent.func is task:
            return 0
        if not isinstance(parent.func, ast.Attribute) or parent.func.attr not in PUT_BY:
            return self._passed_on(parent, task, keyword, scope)
        keeper = parent.func.value
        if not isinstance(keeper, ast.Name):
            is_kept = isinstance(keeper, ast.Attribute) and is_only_kept(self.ev, keeper, scope)
            return STARTED if is_kept or _takes_itself_out(task, keeper, scope) else 0
        reads = (one for inner in scope.descendants() for one in inner.loads.get(keeper.id, ()))
        return STARTED if all(map(is_kept_by, reads)) else 0

    def _passed_on(self, call: ast.Call, task: ast.AST, keyword: str | None, scope: Scope) -> int:
        """What becomes of a task that a function passes on to one of the project, and of what that gives where it is the task."""
        callee = self._callee(call, scope) if last_name(call.func) in self._defined(scope.module) else None
        name = parameter_for(callee, call, task, keyword) if callee is not None else None
        if callee is None or name is None or callee.scope.is_async:
            return 0
        found = self._kept.of(_Kept(callee.scope.key, name))
        if found & _MAY_WAIT:
            return 0
        return self._uses(call, scope) if found & GIVEN_BACK else STARTED

    def _of_task(self, key: _Kept) -> int:
        scope = self.ev.project.scope(key.function)
        if scope.is_generator or len(scope.bindings.get(key.name, ())) != 1:
            return _MAY_WAIT
        found = 0
        for inner, load in reads_of(key.name, scope):
            found |= self._use(load, inner) or _MAY_WAIT
        return found


def _takes_itself_out(task: ast.AST, keeper: ast.expr, scope: Scope) -> bool:
    """Whether a task is put into a collection that it is taken out of when it is done, ``task.add_done_callback(kept.discard)``,
    and its function does no more with that: it is there in order not to be collected before, whoever else has the collection."""
    name, kept = name_of(task) if isinstance(task, ast.Name) else "", ast.dump(keeper)
    return any(
        isinstance(taken := call.args[0] if call.args else None, ast.Attribute)
        and taken.attr in PUT_BY
        and isinstance(call.func, ast.Attribute)
        and name_of(call.func.value) == name
        and ast.dump(taken.value) == kept
        for call in (scope.called.get("add_done_callback", ()) if name else ())
    ) and all(is_kept_by(one) for one in walk(scope.node) if isinstance(one, type(keeper)) and ast.dump(one) == kept)


def _rest(call: ast.Call, scope: Scope) -> int:
    """Whether a call passes on the rest of what its function is passed."""
    node = scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return 0
    rest = {one.arg for one in (node.args.vararg, node.args.kwarg) if one is not None}
    starred = [one.value for one in call.args if isinstance(one, ast.Starred)]
    passed = [*starred, *(one.value for one in call.keywords if one.arg is None)]
    return WITH_REST if any(isinstance(one, ast.Name) and one.id in rest for one in passed) else 0


def _together(found: Iterator[int]) -> int:
    """What becomes of something in several places."""
    together = 0
    for one in found:
        if one == _WAITED:
            return _WAITED
        together |= one
    return together
