"""Which tables a function's transactions lock, one after the other.

Rows are locked by ``SELECT … FOR UPDATE``, ``UPDATE`` and ``DELETE``, tables by ``LOCK TABLE``; what says that it does not
wait can not be part of a deadlock.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.autocommit import is_autocommit
from poolint.analyses.holding import root_of
from poolint.analyses.holding.database_locks import commits_by_itself
from poolint.analyses.holding.worked_by import worked_by, working
from poolint.analyses.statement_locks import lock_of
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.following import origin
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

WORDS = re.compile(rb"with_for_update|\b(?:update|delete)\(|\.delete\(\)|(?i:\bupdate\s+\w|delete\s+from|lock\s+table)")
"""What is in a file that locks rows."""


_WITH: frozenset[Passage] = frozenset(("with",))


class Lock(NamedTuple):
    """A table that is locked, the call that does it, and where that stands."""

    table: str
    node: ast.Call
    scope: Scope


class _Place(NamedTuple):
    """A lock in plain values: the table, and the function and the span of the call."""

    table: str
    function: ScopeKey
    span: tuple[int, int, int, int]


class _Used(NamedTuple):
    """A session or connection as a function has it: by the text of its place. ``is_begun``: who passes it has begun a
    transaction on it, for whoever has to."""

    function: ScopeKey
    name: str
    is_begun: bool = False


_Transactions = tuple[tuple[_Place, ...], ...]


class Locks:
    """Answers for the functions of one project. What is locked by a session of a function is a problem of summaries: the
    tables in order, each once in a transaction, so that a function which calls itself adds nothing to what it locks."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._of: Summaries[_Used, _Transactions] = Summaries("locks", self._found, bottom=(), join=_more)
        self._calls: dict[ScopeKey, dict[tuple[int, int, int, int], ast.Call]] = {}
        self._may_lock: dict[Module, bool] = {}

    def transactions(self, scope: Scope) -> Iterator[list[Lock]]:
        """The locks of each transaction of a function, in order, each table once."""
        if scope.kind != "function" or not scope.calls or not self._mentions_locks(scope.module):
            return
        found = (self._resource(call, scope) for call in scope.calls)
        names = {text_of(root, scope) for root in found if root is not None}
        for name in sorted(names):
            yield from ([*map(self._lock, one)] for one in self._of.of(_Used(scope.key, name)))

    def _mentions_locks(self, module: Module) -> bool:
        found = self._may_lock.get(module)
        if found is None:
            found = self._may_lock[module] = WORDS.search(module.source.data) is not None
        return found

    def _found(self, key: _Used) -> _Transactions:
        """What is locked by a session or connection of a function, by the transactions that its commits divide."""
        scope, name = self.ev.project.scope(key.function), key.name
        found: list[list[_Place]] = [[]]
        block: ast.AST | None = None
        for call in sorted(scope.calls, key=lambda one: (one.lineno, one.col_offset)):
            root = root_of(call)
            is_own = root is not None and text_of(root, scope) == name
            if is_own and last_name(call.func) in ("commit", "rollback", "close"):
                found.append([])
                continue
            around, is_begun = self._block(call, name, scope)
            locked = self._locked(call, name, scope, is_begun or key.is_begun)
            worked = [*worked_by(self.ev, call, scope)] if not locked else []
            if any(text_of(one, scope) == name for one in worked):
                locked = tuple(map(_place, self._by_call(call, scope)))
                if locked and not (is_begun or key.is_begun) and self._is_alone(worked[-1], scope):
                    continue  # each statement is a transaction
            if locked and around is not block:
                found.append([])
                block = around
            for one in locked:
                if all(one.table != other.table for other in found[-1]):
                    found[-1].append(one)
        return tuple(tuple(one) for one in found if one)

    def _lock(self, place: _Place) -> Lock:
        """The lock at a place."""
        scope = self.ev.project.scope(place.function)
        calls = self._calls.get(place.function)
        if calls is None:
            calls = self._calls[place.function] = {_span(one): one for one in scope.calls}
        return Lock(place.table, calls[place.span], scope)

    def _resource(self, call: ast.Call, scope: Scope) -> ast.expr | None:
        """The session or connection whose transaction a call locks rows in."""
        worked = [*worked_by(self.ev, call, scope)] if self._by_call(call, scope) else []
        return worked[-1] if worked else None

    def _is_alone(self, node: ast.expr, scope: Scope) -> bool:
        """Whether each statement of a connection is a transaction by itself, where none has been begun."""
        found = [one.base for one in alternatives(self.ev.type_of(node, scope)) if isinstance(one, Instance)]
        by_class = any(one is not None and (one.autocommits or commits_by_itself(self.ev, one)) for one in found)
        return by_class or is_autocommit(self.ev, *origin(self.ev, node, scope, _WITH))

    def _block(self, node: ast.AST, name: str, scope: Scope) -> tuple[ast.AST | None, bool]:
        """The block around a place that a transaction of a variable ends with, the outermost that begins one or the one that
        binds it, and whether one is begun."""
        begun: ast.AST | None = None
        current = parent_of(node)
        while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            if isinstance(current, (ast.With, ast.AsyncWith)):
                if any(self._begins(one.context_expr, name, scope) for one in current.items):
                    begun = current
                bound = (one.optional_vars for one in current.items)
                if any(isinstance(one, ast.Name) and one.id == name for one in bound):
                    return begun or current, begun is not None
            current = parent_of(current)
        return begun, begun is not None

    def _begins(self, context: ast.expr, name: str, scope: Scope) -> bool:
        """Whether a block begins a transaction of a variable: by itself, as those of some drivers do, or by a method."""
        if isinstance(context, ast.Name):
            return context.id == name
        owner = (
            context.func.value if isinstance(context, ast.Call) and isinstance(context.func, ast.Attribute) else None
        )
        if owner is None or text_of(owner, scope) != name or not isinstance(context, ast.Call):
            return False
        fact = call_site(self.ev, context, scope)
        return fact is not None and fact.role == "begin" and fact.method != "begin_nested"

    def by_helper(self, call: ast.Call, scope: Scope) -> list[Lock]:
        """What a function of the project locks by any session that it is passed."""
        names = [one.id for one in call_arguments(call) if isinstance(one, ast.Name)]
        return [self._lock(one) for name in names for one in self._locked(call, name, scope, True)]

    def _locked(self, call: ast.Call, name: str, scope: Scope, is_begun: bool) -> tuple[_Place, ...]:
        """What a function of the project locks by the session that it is passed."""
        passed = [(None, one) for one in call.args] + [(one.arg, one.value) for one in call.keywords]
        for keyword, argument in passed:
            if not isinstance(argument, ast.Name):
                continue
            if all(text_of(one, scope) != name for one in working(self.ev, argument, scope)):
                continue
            for callee in callees_of(self.ev, call, scope):
                if isinstance(callee, Function):
                    inner = parameter_for(callee, call, argument, keyword)
                    found = self._of.of(_Used(callee.scope.key, inner, is_begun)) if inner is not None else ()
                    return found[0] if len(found) == 1 else ()
        return ()

    def _by_call(self, call: ast.Call, scope: Scope) -> list[Lock]:
        """What one call of a session or connection locks."""
        found = lock_of(self.ev, call, scope)
        return [Lock(found.table, call, scope)] if found is not None and found.table else []


def _more(one: _Transactions, other: _Transactions) -> _Transactions:
    """The one of two by which more is locked."""
    return max(one, other, key=lambda each: (sum(map(len, each)), each))


def _place(lock: Lock) -> _Place:
    return _Place(lock.table, lock.scope.key, _span(lock.node))


def _span(call: ast.Call) -> tuple[int, int, int, int]:
    """Where a call stands: calls of one chain begin at the same column."""
    assert call.end_lineno is not None
    assert call.end_col_offset is not None
    return call.lineno, call.col_offset, call.end_lineno, call.end_col_offset
