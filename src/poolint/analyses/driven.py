"""Whether a coroutine runs where it is made: it is awaited there, or handed to what runs it before it returns, a library's
(``asyncio.run``, ``asyncio.gather``) or a function of the project that awaits what it is passed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import put_by
from poolint.syntax.scopes import ScopeKey, parent_of, reads_of, statement_of
from poolint.syntax.surroundings import between, chosen, entering, is_entered
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Set

    from poolint.models.named_rows import How
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_HANDED = (ast.Starred, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp, ast.IfExp)
_ENDING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.With, ast.AsyncWith, ast.Try)
_WAITS = (ast.Await, ast.AsyncWith, ast.AsyncFor)


class _Parameter(NamedTuple):
    """A parameter of a function of the project."""

    function: ScopeKey
    name: str


def driven_function(call: ast.AST | None, makers: Set[str]) -> ast.expr | None:
    """The coroutine function that a call runs to its end, since one of these has made a plain one of it there:
    ``async_to_sync(charge)(order)``."""
    made = call.func if isinstance(call, ast.Call) else None
    if isinstance(made, ast.Call) and made.args and last_name(made.func) in makers:
        return made.args[0]
    return None


class Driven:
    """Answers for one project. What functions do with their parameters is a problem of summaries."""

    manners: ClassVar[tuple[How, ...]] = (
        "at-once",
        "drives",
        "drives-given",
        "shields",
        "limits-awaited",
        "limits-block",
    )
    """Of what runs the coroutines that it is given before it returns."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._drives = ev.models.words(*self.manners)
        self._at_once = ev.models.words("at-once")
        self._awaited: Summaries[_Parameter, bool] = Summaries(
            "awaits-parameter", self._is_awaited, bottom=False, join=bool.__or__
        )

    def is_driven(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a coroutine made at ``node`` is awaited there, by itself or by what it is handed to, at once or from the
        local name that it, or a list of such, is kept under."""
        return self._is_kept_driven(node, scope, frozenset())

    def is_kept_for_it(self, made: ast.AST, scope: Scope, before: frozenset[str] = frozenset()) -> bool:
        """Whether a plain function hands a coroutine to what runs it, now or later, and does nothing else with it, nor with the
        local collections that it puts it into."""
        gathered = self._gathering(made)
        if gathered is not None:
            return self.is_kept_for_it(gathered, scope, before)
        if self._is_driven(made, scope, frozenset(), may_be_kept=False):
            return True
        name = kept_as(made, parent_of(made))
        if not name or name in before:
            return False
        used = [(inner, one) for inner, one in reads_of(name, scope) if not _is_filled(one)]
        return bool(used) and all(
            inner is scope and self.is_kept_for_it(one, scope, before | {name}) for inner, one in used
        )

    def _gathering(self, node: ast.AST) -> ast.Call | None:
        """The call that a coroutine is handed to with others, which runs them all where a loop runs already."""
        parent = parent_of(node)
        while isinstance(parent, _HANDED):
            node, parent = parent, parent_of(parent)
        if not isinstance(parent, ast.Call) or node is parent.func:
            return None
        return parent if last_name(parent.func) in self._at_once else None

    def is_result_driven(self, call: ast.Call, callee: Scope, scope: Scope, *, is_own: bool) -> bool:
        """Whether what a function gives that is called is awaited or entered in turn where it is called; or handed on, if what
        ``scope`` itself gives is (``is_own``)."""
        given = parent_of(call) if callee.is_async else call
        if not isinstance(given, (ast.Await, ast.Call)):
            return False
        return self.is_driven(given, scope) or enters(given, scope) or (is_own and is_handed_on(given, scope))

    def _is_kept_driven(self, made: ast.AST, scope: Scope, before: frozenset[ast.AST]) -> bool:
        """The same, after those that are ``made`` with one another: ``work = timed(work)``."""
        return made not in before and self._is_driven(made, scope, before | {made}, may_be_kept=True)

    def _is_driven(self, node: ast.AST, scope: Scope, before: frozenset[ast.AST], *, may_be_kept: bool) -> bool:
        parent, keyword = parent_of(node), None
        while isinstance(parent, (*_HANDED, ast.keyword)):
            if isinstance(parent, ast.keyword):
                keyword = parent.arg
            node, parent = parent, parent_of(parent)
        if isinstance(parent, ast.Await):
            return True
        if may_be_kept and (name := kept_as(node, parent)):
            loads = scope.loads.get(name, ())
            return any(
                self._is_driven(one, scope, before, may_be_kept=False) and _come_next(node, one) for one in loads
            )
        if not isinstance(parent, ast.Call) or node is parent.func:
            return False
        return last_name(parent.func) in self._drives or self._is_awaited_by(parent, node, keyword, scope, before)

    def _is_awaited_by(
        self, call: ast.Call, argument: ast.AST, keyword: str | None, scope: Scope, before: frozenset[ast.AST]
    ) -> bool:
        """Whether what a call runs, if it runs here, awaits an argument."""
        callees = callees_of(self.ev, call, scope)
        return bool(callees) and all(
            isinstance(one, Function)
            and one.scope.kind == "function"
            and self.awaits(one, call, argument, keyword)
            and (not one.scope.is_async or self._is_kept_driven(call, scope, before))
            for one in callees
        )

    def awaits(self, callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None) -> bool:
        """Whether a function that is called awaits an argument as it runs."""
        name = parameter_for(callee, call, argument, keyword)
        return name is not None and self._awaited.of(_Parameter(callee.scope.key, name))

    def _is_awaited(self, key: _Parameter) -> bool:
        scope = self.ev.project.scope(key.function)
        if scope.is_generator or len(scope.bindings.get(key.name, ())) != 1:
            return False
        return any(inner is scope and self.is_driven(load, scope) for inner, load in reads_of(key.name, scope))


class DrivenAlone(Driven):
    """The same of coroutines that run by themselves: who makes one goes on when it has ended, and nothing is run beside it."""

    manners = tuple(one for one in Driven.manners if one != "at-once")


def enters(value: ast.expr, scope: Scope) -> bool:
    """Whether a ``with`` enters a value, or an exit stack does: where it is made, or next from the local name that it is kept
    under."""
    return is_entered(value) or entering_next(value, scope) is not None


def entering_next(value: ast.expr, scope: Scope) -> ast.withitem | None:
    """The part of a ``with`` that enters a value, or may, there or next from the name that it is kept under; None where none
    does."""
    found = entering(value)
    if found is not None:
        return found
    widest, parent = chosen(value)
    is_either = isinstance(widest, ast.IfExp)  # of `given or value` it is not told which was there
    name = kept_as(widest, parent) if is_either else kept_as(value, parent_of(value))
    for load in scope.loads.get(name, ()) if name else ():
        found = entering(load)
        if found is not None and _come_next(value, load):
            return found
    return None


def is_handed_on(node: ast.AST, scope: Scope) -> bool:
    """Whether a function gives what is made at ``node`` as it is: whether that runs is for its caller."""
    parent = parent_of(node)
    while isinstance(parent, ast.IfExp) and parent.test is not node:
        node, parent = parent, parent_of(parent)
    return isinstance(parent, ast.Return) and not scope.is_generator


def _come_next(made: ast.AST, awaited: ast.AST) -> bool:
    """Whether what is made is awaited in the same block, and nothing is waited for in between, which might change what is
    held: a ``with`` around the one alone ends before."""
    current: ast.AST | None = statement_of(made)
    while current is not None and not isinstance(current, _ENDING):
        skipped = between(current, awaited) if isinstance(current, ast.stmt) else None
        if skipped is not None:
            return not any(isinstance(part, _WAITS) for one in skipped for part in ast.walk(one))
        current = parent_of(current)
    return False


def _is_filled(load: ast.AST) -> bool:
    """Whether a name is read only to put something into the collection that it stands for."""
    method = parent_of(load)
    put = parent_of(method) if isinstance(method, ast.Attribute) else None
    return isinstance(put, ast.Call) and put.func is method and put_by(put) is not None


def kept_as(value: ast.AST, parent: ast.AST | None) -> str:
    """The name that a value, or a collection with it, is bound to alone, or that it is put into the collection of."""
    target: ast.AST | None = None
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
    elif isinstance(parent, ast.AnnAssign):
        target = parent.target
    elif isinstance(parent, ast.Call) and (put := put_by(parent)) is not None and put[1] is value:
        target = put[0]
    return target.id if isinstance(target, ast.Name) else ""
