"""Work that a function hands to the threads of an executor, and where it waits for that: ``submit(work, order).result()``,
``list(executor.map(work, orders))``, and the end of the block of an executor that it has made.

A future is followed as far as it surely is one of these: through names of the function, and through collections of such.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.driven import driven_function
from poolint.analyses.graphs import BlockEnd
from poolint.flow.flags import name_of
from poolint.models.standard import EAGER, PAIRING, PUTTING, SHARING
from poolint.syntax.expressions import is_partial
from poolint.syntax.generator_runs import is_gone_over
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import call_site
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_COLLECTIONS = EAGER | PAIRING | {"reversed", "iter", "next"}
_MAX_STEPS = 8


class Work(NamedTuple):
    """A function that something runs for its caller, with the arguments that it gets."""

    function: ast.expr
    given: list[ast.expr]
    keywords: list[ast.keyword]
    is_awaited: bool = False
    """Whether it is a coroutine function, and what it gives is run to its end."""


class Submitted:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._hands = ev.models.words("starts-thread")
        self._waits = ev.models.words("waits-for-thread")
        self._later = ev.models.words("drives-later")
        self._calls = {how: ev.models.words(how) for how in ("calls-given", "awaits-given")}
        self.words = self._hands | self._waits | ev.models.words("calls-given", "awaits-given")
        """The last names of what runs work, waits for it or hands it over."""
        self._handing: dict[Scope, dict[ast.Call, bool]] = {}

    def work_of(self, function: ast.expr, given: list[ast.expr], keywords: list[ast.keyword], scope: Scope) -> Work:
        """What is run where a function is run with these arguments: the one that it is made of by ``partial``, or that it
        calls as it is given it, ``context.run(work, order)``."""
        for _ in range(_MAX_STEPS):
            if is_partial(function):
                given, keywords = [*function.args[1:], *given], [*function.keywords, *keywords]
                function = function.args[0]
            elif given and self.calls_given(ast.copy_location(ast.Call(function, given, keywords), function), scope):
                function, given = given[0], given[1:]
            else:
                break
        return Work(function, given, keywords)

    def calls_given(
        self, call: ast.Call, scope: Scope, how: Literal["calls-given", "awaits-given"] = "calls-given"
    ) -> bool:
        """Whether a call calls what it is passed first, there and then, or awaits what that gives as well."""
        if not call.args or last_name(call.func) not in self._calls[how]:
            return False
        fact = call_site(self.ev, call, scope, use_evidence=False)
        return fact is not None and self.ev.models.ends(how, fact.name)

    def may_run(self, call: ast.Call) -> bool:
        """Whether a call may run work, or wait for the outcome of some, by the name of what it calls."""
        return last_name(call.func) in self.words or driven_function(call, self._later) is not None

    def run_by(self, call: ast.Call, scope: Scope) -> list[Work]:
        """The work that a call runs, or of which it waits for the outcome."""
        driven = driven_function(call, self._later)
        if driven is not None:
            return [Work(driven, call.args, call.keywords, is_awaited=True)]
        if self.calls_given(call, scope):
            return [self._work(call, scope)]
        if self.calls_given(call, scope, "awaits-given"):
            return [self._work(call, scope)._replace(is_awaited=True)]
        return self._waited_by(call, scope)

    def _waited_by(self, call: ast.Call, scope: Scope) -> list[Work]:
        """The work of which a call waits for the outcome: a future's ``result()``, or an executor's ``map`` that something
        goes over."""
        handing = self._handing_of(scope)
        if not handing:
            return []
        if call in handing:
            return [self._work(call, scope)] if handing[call] and is_gone_over(call) else []
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in self._waits:
            return []
        futures = self._futures(function.value, scope, 0)
        waits = [one for one in futures if not self._has_waited(one, call, scope)]
        return [self._work(one, scope) for one in waits]

    def at_ends(self, scope: Scope) -> Iterator[tuple[BlockEnd, str, Work]]:
        """The blocks of executors that wait, as they end, for work that nothing in them has waited for, by their class."""
        handing = self._handing_of(scope)
        for statement in scope.withs if handing else ():
            for item in statement.items:
                cls = self._executor(item.context_expr, scope)
                name = name_of(item.optional_vars) if item.optional_vars is not None else ""
                if cls is None or not name:
                    continue
                for call, is_map in handing.items():
                    if isinstance(call.func, ast.Attribute) and name_of(call.func.value) == name:
                        is_waited = is_gone_over(call) if is_map else self._is_waited(call, statement, scope)
                        if is_inside(call, statement) and not is_waited:
                            yield BlockEnd.of(item), f"{cls.name.rpartition('.')[2]}.__exit__", self._work(call, scope)

    def _handing_of(self, scope: Scope) -> dict[ast.Call, bool]:
        """The calls of a function that hand work to an executor, each with whether it gives what that gives, not a future."""
        found = self._handing.get(scope)
        if found is None:
            found = self._handing[scope] = {}
            for call in scope.calls_named(self._hands):
                if isinstance(call.func, ast.Attribute) and call.args:
                    cls = self._executor(call.func.value, scope)
                    if cls is not None:
                        found[call] = self.ev.models.method(cls, call.func.attr) is not None
        return found

    def _executor(self, node: ast.expr, scope: Scope) -> Class | None:
        """The class of an object whose threads or processes run what it is given, and that waits for them to shut down."""
        found = alternatives(self.ev.type_of(node, scope))
        one = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
        row = self.ev.models.method(one, "shutdown") if one is not None else None
        return one if row is not None and row.effect == "wait" else None

    def _work(self, call: ast.Call, scope: Scope) -> Work:
        return self.work_of(call.args[0], call.args[1:], call.keywords, scope)

    def _futures(self, node: ast.expr, scope: Scope, steps: int) -> set[ast.Call]:
        """The calls that have made the futures that an expression stands for, or is a collection of."""
        if steps > _MAX_STEPS:
            return set()
        if isinstance(node, ast.Call):
            if node in self._handing_of(scope):
                return {node} if not self._handing_of(scope)[node] else set()
            function = node.func
            if isinstance(function, ast.Name):
                parts = node.args if function.id in _COLLECTIONS else []
            else:
                is_shared = isinstance(function, ast.Attribute) and function.attr in SHARING
                parts = [function.value] if is_shared and isinstance(function, ast.Attribute) else []
        elif isinstance(node, ast.Name):
            parts = list(_values(node.id, scope))
        else:
            parts = list(_parts(node))
        found: set[ast.Call] = set()
        for part in parts:
            found |= self._futures(part, scope, steps + 1)
        return found

    def _waiting(self, future: ast.Call, scope: Scope) -> Iterator[ast.Call]:
        """The calls of a function that wait for a future."""
        for call in scope.calls_named(self._waits):
            function = call.func
            waited = [*call.args]
            if isinstance(function, ast.Attribute) and self._futures(function.value, scope, 0):
                waited = [function.value]
            if any(future in self._futures(one, scope, 0) for one in waited):
                yield call

    def _is_waited(self, future: ast.Call, statement: ast.AST, scope: Scope) -> bool:
        return any(is_inside(one, statement) for one in self._waiting(future, scope))

    def _has_waited(self, future: ast.Call, call: ast.Call, scope: Scope) -> bool:
        """Whether a future is done already where a call asks for its outcome: in the block around, or in one around that, it
        has been waited for before."""
        for one in self._waiting(future, scope):
            statement = statement_of(one)
            around = parent_of(statement) if statement is not None else None
            if statement is None or around is None or statement is statement_of(call):
                continue
            if (one.end_lineno or 0) < call.lineno and is_inside(call, around):
                return True
            # Of a loop over those that are done the head has waited.
            is_head = isinstance(statement, (ast.For, ast.AsyncFor)) and is_inside(one, statement.iter)
            if is_head and is_inside(call, statement):
                return True
        return False


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression is a collection of, or takes one of, or is one of."""
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)):
        yield from node.elts
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        yield node.elt
    elif isinstance(node, ast.DictComp):
        yield from (node.key, node.value)
    elif isinstance(node, ast.Dict):
        yield from (one for one in (*node.keys, *node.values) if one is not None)
    elif isinstance(node, (ast.Starred, ast.Subscript, ast.NamedExpr)):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def _values(name: str, scope: Scope) -> Iterator[ast.expr]:
    """What a name of a function is given, goes over, or has put into it."""
    for binding in scope.bindings.get(name, ()):
        if binding.kind in ("assign", "annotated", "for") and binding.value is not None:
            yield binding.value
    for load in scope.loads.get(name, ()):
        parent = parent_of(load)
        around = parent_of(parent) if parent is not None else None
        if isinstance(parent, ast.Attribute) and isinstance(around, ast.Call) and around.func is parent:
            if parent.attr in PUTTING:
                yield from around.args
        elif isinstance(parent, ast.Subscript) and isinstance(around, ast.Assign) and parent in around.targets:
            yield from (parent.slice, around.value)
