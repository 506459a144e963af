"""What functions of the project run of the functions that they are passed, and how: where they stand, in a thread that they wait
for, or by passing them on. ``await with_retry(lambda: client.get(url))``, ``await run_async(stripe.Charge.create, amount)``."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.driven import Driven, driven_function
from poolint.analyses.joined import run_in_thread
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import is_partial
from poolint.syntax.scopes import WRITTEN, ScopeKey, nearest, parent_of, reads_of
from poolint.syntax.second_tries import is_after_a_failure
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.definitions import Definitions
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

CALLED = 1
"""It is called where the function runs."""
AWAITED = 2
"""What it gives is awaited there."""
GIVEN_BACK = 4
"""What it gives is what the function gives."""
IN_THREAD = 8
"""A thread runs it, and is waited for."""


class _Parameter(NamedTuple):
    function: ScopeKey
    name: str


class _Step(NamedTuple):
    """A call of a function by which something that it is passed is run, or passed on to ``following``."""

    node: ast.Call
    scope: Scope
    following: _Parameter | None


class Given(NamedTuple):
    """A function that a call passes to one that runs it: as it is written, without what is bound by ``partial``, with the
    arguments that are known by their places then; how it is run; and by which calls, each with its function and what that
    calls there."""

    work: ast.expr
    bound: ast.Call | None
    how: int
    way: tuple[tuple[ast.Call, Scope, str], ...]

    @property
    def is_awaited(self) -> bool:
        """Whether what it gives is awaited."""
        return bool(self.how & AWAITED)


class GivenWork:
    """Answers for one project. What functions do with their parameters is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._driven = ev.derived(Driven).is_driven
        self._defined = ev.derived(Definitions).of
        self._later = ev.models.words("drives-later")
        self._ways: Summaries[_Parameter, int] = Summaries("runs-parameter", self._runs, bottom=0, join=or_)

    def passed(self, call: ast.Call, scope: Scope, words: Set[str]) -> list[ast.expr]:
        """The arguments of a call that may be functions of interest, as they are written, ``words`` being the last names that
        those of libraries may have; most calls have none."""
        found: list[ast.expr] = []
        defined: Set[str] | None = None
        for argument in call.args if not call.keywords else [*call.args, *[one.value for one in call.keywords]]:
            one = argument
            if is_partial(one):
                one = one.args[0]
            name = one.id if type(one) is ast.Name else one.attr if type(one) is ast.Attribute else ""
            if name and name not in words:
                if defined is None:
                    defined = self._defined(scope.module)
                if name not in defined:
                    continue
            if type(one) is ast.Name:
                bound = nearest(name, scope)
                if not bound or bound[0].kind not in WRITTEN:
                    continue
            if name or type(one) is ast.Lambda:
                found.append(argument)
        return found

    def run(self, passed: list[ast.expr], call: ast.Call, callee: Function, scope: Scope) -> Iterator[Given]:
        """Those of the arguments of a call that a function of the project runs."""
        for argument in passed:
            keyword = next((one.arg for one in call.keywords if one.value is argument), None)
            name = parameter_for(callee, call, argument, keyword)
            parameter = _Parameter(callee.scope.key, name) if name is not None else None
            how = self._ways.of(parameter) if parameter is not None else 0
            if parameter is not None and how:
                if how & GIVEN_BACK and self._driven(call, scope):
                    how |= AWAITED
                bound = argument if isinstance(argument, ast.Call) else None
                work = bound.args[0] if bound is not None else argument
                yield Given(work, bound, how, tuple(self._way(parameter)))

    def is_awaited(self, work: ast.Lambda, scope: Scope) -> bool:
        """Whether what a lambda of ``scope`` gives is awaited by what it is passed to."""
        return bool(self._run_at(work, scope) & AWAITED)

    def run_by(self, work: ast.expr, scope: Scope, how: int) -> ast.Call | None:
        """The call by which a function that ``scope`` hands on is run in one of some ways; None where none does."""
        parent = _passed(work)[2]
        return parent if isinstance(parent, ast.Call) and self._run_at(work, scope) & how else None

    def _runs(self, key: _Parameter) -> int:
        """How a function runs what it is passed for a parameter."""
        scope = self.ev.project.scope(key.function)
        if scope.is_generator or len(scope.bindings.get(key.name, ())) != 1:
            return 0
        found = 0
        for inner, load in reads_of(key.name, scope):
            found |= self._at(load, inner, scope)
        return found & ~GIVEN_BACK if scope.is_async else found

    def _at(self, node: ast.expr, inner: Scope, scope: Scope) -> int:
        """How ``scope`` runs a function that is read in one inside it."""
        how = self._run_at(node, inner)
        while how and inner is not scope:
            around = inner.parent
            if around is None or inner.is_generator:
                return 0
            reads = [inner.node] if isinstance(inner.node, ast.Lambda) else around.loads.get(inner.name, ())
            run = 0
            for one in reads:
                run |= self._run_at(one, around)
            how, inner = _inside(how, run, inner), around
        return how

    def _run_at(self, node: ast.expr, scope: Scope) -> int:
        """How a function is run by what stands around a place where it is read."""
        node, keyword, parent = _passed(node)
        if not isinstance(parent, ast.Call):
            return 0
        if parent.func is node:
            return CALLED | self._outcome(parent, scope) if not is_after_a_failure(node) else 0
        if driven_function(parent_of(parent), self._later) is node:
            return CALLED | AWAITED if not is_after_a_failure(node) else 0
        work = run_in_thread(self.ev.models, parent)
        if work is not None:
            is_run = work[0] is node and self._driven(parent, scope) and not is_after_a_failure(node)
            return IN_THREAD if is_run else 0
        following = self._following(parent, node, keyword, scope)
        how = self._ways.of(following) if following is not None else 0
        if following is not None and how and not is_after_a_failure(node):
            if self.ev.project.scope(following.function).is_async:
                return how if self._driven(parent, scope) else 0
            return (how & ~GIVEN_BACK) | self._outcome(parent, scope) if how & GIVEN_BACK else how
        return 0

    def _outcome(self, call: ast.Call, scope: Scope) -> int:
        """What becomes of what a call gives."""
        if self._driven(call, scope):
            return AWAITED
        return GIVEN_BACK if isinstance(parent_of(call), (ast.Return, ast.Lambda)) else 0

    def _following(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> _Parameter | None:
        """The parameter of a function of the project that an argument of a call is passed for."""
        found = callees_of(self.ev, call, scope)
        one = found[0] if len(found) == 1 else None
        if not isinstance(one, Function) or one.scope.kind != "function":
            return None
        name = parameter_for(one, call, argument, keyword)
        return _Parameter(one.scope.key, name) if name is not None else None

    def _way(self, parameter: _Parameter) -> Iterator[tuple[ast.Call, Scope, str]]:
        """The calls by which what is passed for a parameter comes to be run, each with what it calls."""
        seen: set[_Parameter] = set()
        current: _Parameter | None = parameter
        while current is not None and current not in seen:
            seen.add(current)
            step = self._step(current)
            if step is None:
                return
            current = step.following
            yield step.node, step.scope, current.function.name if current is not None else parameter.name

    def _step(self, parameter: _Parameter) -> _Step | None:
        """The first call by which a function runs what it is passed, rather by itself than through another one."""
        scope = self.ev.project.scope(parameter.function)
        indirect: _Step | None = None
        for inner, load in reads_of(parameter.name, scope):
            if not self._at(load, inner, scope):
                continue
            node, keyword, parent = _passed(load)
            assert isinstance(parent, ast.Call)
            by_itself = parent.func is node or run_in_thread(self.ev.models, parent) is not None
            following = None if by_itself else self._following(parent, node, keyword, inner)
            if following is None:
                return _Step(parent, inner, None)
            indirect = indirect or _Step(parent, inner, following)
        return indirect


def _passed(node: ast.expr) -> tuple[ast.expr, str | None, ast.AST | None]:
    """A function as it is passed, maybe by a ``partial`` of it; by which keyword, and what stands around."""
    parent = parent_of(node)
    if is_partial(parent) and parent.args[0] is node:
        node, parent = parent, parent_of(parent)
    return (node, parent.arg, parent_of(parent)) if isinstance(parent, ast.keyword) else (node, None, parent)


def _inside(how: int, run: int, inner: Scope) -> int:
    """How something is run by a function around the one that runs it ``how``, where that is run itself."""
    if inner.is_async:
        return how & ~GIVEN_BACK if run & AWAITED else (how | GIVEN_BACK if run & GIVEN_BACK else 0)
    found = 0
    if run & CALLED:
        found |= how & (CALLED | IN_THREAD | AWAITED)
        if how & GIVEN_BACK:
            found |= run & (AWAITED | GIVEN_BACK)
    if run & IN_THREAD and how & CALLED:
        found |= IN_THREAD
    return found
