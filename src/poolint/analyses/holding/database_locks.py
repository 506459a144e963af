"""Which locks of the database are held beside a connection: of rows, of tables, advisory ones.

A statement takes them (``with_for_update()``, ``FOR UPDATE``, ``LOCK TABLE``, ``pg_advisory_lock``), here or in a function
of the project that gets the session, and the end of the transaction gives them back. One that is taken on some ways only
is not reported, nor one that was tried for where it was not obtained.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.conditions import Entering, is_excluded
from poolint.analyses.holding.obtained import Outcome
from poolint.analyses.holding.transactions import inside
from poolint.analyses.holding.worked_by import worked_by
from poolint.analyses.statement_locks import lock_of, unlocks
from poolint.flow.cfg import TooComplex
from poolint.flow.summaries import Summaries
from poolint.models.schema import ENDING_ROLES
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.holding.transactions import Region
    from poolint.analyses.statement_locks import LockKind
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class Taken(NamedTuple):
    """What a call locks, as far as it is worth a word; ``is_tried``: only where it comes out as true; ``outlasts``: until it is
    unlocked, or the connection closed."""

    kind: LockKind
    is_tried: bool
    outlasts: bool


class Lock(NamedTuple):
    """A lock: what is locked, and the call that takes it."""

    kind: LockKind
    taken: ast.Call


def held(ev: Evaluator, holdings: Holdings, hold: Hold, node: ast.AST, scope: Scope) -> Iterator[Lock]:
    """The locks that are held when ``node`` begins, by the connection of ``hold``; by where they are taken."""
    names = _names(hold, holdings.changes(scope).regions)
    own = [one for one in scope.calls if one is not node and _is_on(ev, one, names, scope)]
    ending = [one for one in own if _ends(ev, one, scope)]
    for call in sorted(scope.calls, key=lambda one: (one.lineno, one.col_offset)):
        if call is node:
            continue
        found = _taken(ev, call, scope) if call in own else holdings.locked_below.taken(call, names, scope)
        if found is None:
            continue
        if not found.outlasts and not _is_kept(ev, hold, call, node, holdings.changes(scope).regions):
            continue
        ends = _unlocking(ev, scope) if found.outlasts else ending
        if holdings.lasts(call, node, hold.resource, scope, ends):
            graph = holdings.graph(scope)
            if Outcome(ev, call, scope, found.is_tried).is_obtained(graph, graph.nodes_of(node)):
                yield Lock(found.kind, call)


def _names(hold: Hold, regions: list[Region]) -> set[str]:
    """What a held connection is called: the resource, what its block binds, and what that begins a transaction of."""
    found = {hold.resource}
    for region in regions:
        if region.header is hold.header:
            items = getattr(region.statement, "items", ())  # none where a decorator has opened it
            bound = (one.optional_vars for one in items if one.context_expr is region.header)
            found.update(one.id for one in bound if isinstance(one, ast.Name))
            begun = region.header.func if isinstance(region.header, ast.Call) else None
            if (
                isinstance(begun, ast.Attribute)
                and region.fact.cls is not None
                and region.fact.cls.kind == "connection"
            ):
                found.update(one.id for one in [begun.value] if isinstance(one, ast.Name))
    return found


def _is_on(ev: Evaluator, call: ast.Call, names: set[str], scope: Scope) -> bool:
    """Whether a call is one of a connection or session that is called like this, or of its cursor."""
    return any(text_of(one, scope) in names for one in worked_by(ev, call, scope))


def _taken(ev: Evaluator, call: ast.Call, scope: Scope, known: Known = ()) -> Taken | None:
    """What a statement locks that a call runs; what it merely writes is no lock that is worth a word."""
    found = lock_of(ev, call, scope, known)
    return Taken(found.kind, found.is_tried, found.outlasts) if found is not None and found.kind else None


def _ends(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call ends the transaction of a session or connection, or unlocks what is not bound to one."""
    fact = call_site(ev, call, scope)
    if fact is not None and fact.role in ENDING_ROLES:
        return True
    return unlocks(call)


def _unlocking(ev: Evaluator, scope: Scope) -> list[ast.Call]:
    """The calls of a function that give back advisory locks, themselves or by a function of the project."""
    return [
        call
        for call in scope.calls
        if unlocks(call)
        or any(isinstance(one, Function) and any(map(unlocks, one.scope.calls)) for one in callees_of(ev, call, scope))
    ]


def _is_kept(ev: Evaluator, hold: Hold, taken: ast.Call, node: ast.AST, regions: list[Region]) -> bool:
    """Whether the transaction in which a lock is taken is still open at ``node``, as far as blocks tell."""
    around = [one for one in regions if one.fact.method != "begin_nested" and inside(taken, one.statement)]
    if around:
        return all(inside(node, one.statement) or node is one.statement for one in around[-1:])
    return hold.cls is None or not commits_by_itself(ev, hold.cls)


def commits_by_itself(ev: Evaluator, cls: Class) -> bool:
    """Whether a connection has no commit, since each statement outside of a transaction's block is one."""
    return cls.kind == "connection" and ev.models.method(cls, "commit") is None


class _Passed(NamedTuple):
    """A function, what it calls the session or connection that it is passed, and what the call fixes of its parameters."""

    function: ScopeKey
    names: tuple[str, ...]
    fixed: Known


class Below:
    """What functions of the project lock with the session that they are passed, or that their object has: a problem of
    summaries. What a function locks before it calls itself is what it locks."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self.holdings = holdings
        self._entering = ev.derived(Entering)
        self._taken: Summaries[_Passed, Taken | None] = Summaries(
            "locks-below", self._taken_by, bottom=None, join=_first, components=holdings.components
        )

    def taken(self, call: ast.Call, names: set[str], scope: Scope, known: Known = ()) -> Taken | None:
        """What a call locks, where its session or connection is called like this, and where this is known of the parameters
        of the function that it stands in."""
        for callee in callees_of(self.ev, call, scope):
            if not isinstance(callee, Function) or callee.scope.is_generator:
                continue
            inner = {parameter for argument, keyword in _passed(call, names, scope)
                     if (parameter := parameter_for(callee, call, argument, keyword)) is not None}  # fmt: skip
            if not inner and any(
                one.resource in names and one.holds for one in self.holdings.changes(scope).calls.get(call, ())
            ):
                inner = {text_of(one.func.value, callee.scope) for one in callee.scope.calls if _is_of_self(one)}  # type: ignore[attr-defined]
            if inner:
                fixed = self._entering.known(call, callee.scope, scope, known)
                found = self._taken.of(_Passed(callee.scope.key, tuple(sorted(inner)), fixed))
                if found:
                    return found
        return None

    def _taken_by(self, key: _Passed) -> Taken | None:
        scope, names = self.ev.project.scope(key.function), set(key.names)
        for one in scope.calls:
            if key.fixed and is_excluded(one, scope, key.fixed):
                continue
            is_on = _is_on(self.ev, one, names, scope)
            found = _taken(self.ev, one, scope, key.fixed) if is_on else self.taken(one, names, scope, key.fixed)
            if found is not None:
                return found._replace(is_tried=found.is_tried and not self._is_waited_for(one, scope))
        return None

    def _is_waited_for(self, tried: ast.Call, scope: Scope) -> bool:
        """Whether a function only returns once it has the lock that it tries for: it tries again, or raises."""
        try:
            graph = self.holdings.graph(scope)
        except TooComplex:
            return False
        return Outcome(self.ev, tried, scope, is_tried=True).is_obtained(graph, [graph.exits["exit-normal"]])


def _first(one: Taken | None, other: Taken | None) -> Taken | None:
    return one or other


def _passed(call: ast.Call, names: set[str], scope: Scope) -> Iterator[tuple[ast.expr, str | None]]:
    """The arguments that are one of some names, each with its keyword."""
    arguments = [*((one, None) for one in call.args), *((one.value, one.arg) for one in call.keywords)]
    for argument, keyword in arguments:
        if isinstance(argument, (ast.Name, ast.Attribute)) and text_of(argument, scope) in names:
            yield argument, keyword


def _is_of_self(call: ast.Call) -> bool:
    """Whether a call is of a member of the object that a method belongs to: ``self.session.execute(…)``."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name) and owner.value.id == "self"
