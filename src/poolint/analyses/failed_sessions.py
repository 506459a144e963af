"""Sessions of which a flush or a commit has failed: until they are rolled back they refuse whatever reaches the database.

A failure goes along the ways on which it is raised, into the handlers that take it and on behind them, through functions of
the project that are passed the session, until the session is rolled back or closed, or is in the hands of somebody unknown.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.raised import caught_by
from poolint.analyses.holding.standings import changed_by, happening
from poolint.analyses.holding.transactions import handles
from poolint.analyses.received import received
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags, stored_name
from poolint.flow.solver import edges_from
from poolint.flow.summaries import Summaries
from poolint.models.schema import TAKING_ROLES
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.scopes import ScopeKey
from poolint.syntax.surroundings import around, with_await
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_FAILING = frozenset({"flush", "commit"})
"""Roles of what leaves a session refusing all else where it fails; a query that fails does not, but for the server's part."""

_USING = TAKING_ROLES | {"commit"}

_USED, _RETURNS, _RAISES = "used", "returns", "raises"
"""What may become of a failed session in a function: it is used, or is still failed when the function returns or raises."""

_PASSING_ON = frozenset({"reraise", "exit"})
"""Events that hand on what is raised. What others raise later is another exception, whose handlers are not told here."""

Outcome = frozenset[str]
_NOTHING: Outcome = frozenset()


class Asked(NamedTuple):
    """A session that a function has: its parameter, or a place in it; and whether it has failed before."""

    function: ScopeKey
    place: str
    failed: bool


class FailedSessions:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self.holdings = holdings
        self._taken = ev.models.manners["takes-failed-flush"]
        sessions = (cls for cls in ev.models.classes.values() if cls.refuses_after_failure)
        rows = (row for cls in sessions for row in cls.methods if row.role == "begin")
        self._beginning = tuple(sorted({name for row in rows for name in row.names}))
        self._takes: dict[ast.ExceptHandler, bool] = {}
        self._begun: dict[Scope, dict[str, ast.Name]] = {}
        self._flags: dict[Graph, Flags] = {}
        self._summaries: Summaries[Asked, Outcome] = Summaries(
            "failed-session", self._outcome, bottom=_NOTHING, join=or_, components=holdings.components
        )

    def refusing(self, scope: Scope) -> dict[str, str]:
        """The sessions that a function works with, each with the exception by which it refuses what comes after a failure."""
        found: dict[str, str] = {}
        for call, changes in self.holdings.own_changes(scope).calls.items():
            for one in changes:
                refusal = self._refusal(one.cls or self._passed_as(one.resource, call, scope))
                if refusal:
                    found.setdefault(one.resource, refusal)
        return found

    def failing(self, name: str, calls: Iterable[ast.Call], scope: Scope) -> dict[ast.Call, Outcome]:
        """Those of some calls of a function that may leave a session failed, with how they go on then."""
        found = {call: self._fails(call, name, scope) for call in calls}
        return {call: outcome for call, outcome in found.items() if outcome}

    def used_after(self, call: ast.Call, outcome: Outcome, name: str, graph: Graph, scope: Scope) -> list[ast.Call]:
        """The calls in a function's graph that use a session once another one has left it failed."""
        calls = map(_called, self._reached(name, behind(call, outcome, graph), graph, scope))
        return [one for one in calls if one is not None and self._uses(one, name, scope)]

    def takes(self, handler: ast.ExceptHandler, scope: Scope) -> bool:
        """Whether a handler takes the failure of a flush."""
        found = self._takes.get(handler)
        if found is None:
            classes = caught_by(self.ev, handler, scope)
            found = self._takes[handler] = not classes or not self._taken.isdisjoint(classes)
        return found

    def _passed_as(self, name: str, call: ast.AST, scope: Scope) -> Class | None:
        """The class of a session that a call is passed."""
        passed = (
            [one for one in call_arguments(call) if text_of(one, scope) == name] if isinstance(call, ast.Call) else []
        )
        found = [one for argument in passed for one in alternatives(self.ev.type_of(argument, scope))]
        return next((one.base for one in found if isinstance(one, Instance)), None)

    def _refusal(self, cls: Class | None) -> str:
        lineage = self.ev.models.lineage(cls) if cls is not None else ()
        return next((one.refuses_after_failure for one in lineage if one.refuses_after_failure), "")

    def _outcome(self, key: Asked) -> Outcome:
        scope, name = self.ev.project.scope(key.function), key.place
        if scope.is_generator or scope.kind != "function":
            return _NOTHING
        failing = {} if key.failed else self.failing(name, scope.calls, scope)
        if not key.failed and not failing:
            return _NOTHING
        try:
            graph = self.holdings.graph(scope)
        except TooComplex:
            return _NOTHING
        edges = [edge for call, outcome in failing.items() for edge in behind(call, outcome, graph)]
        found: set[str] = set()
        for event in self._reached(name, edges_from([graph.entry]) if key.failed else edges, graph, scope):
            if event.kind == "exit-normal":
                found.add(_RETURNS)
            elif event.kind == "exit-exception":
                found.add(_RAISES)
            elif key.failed and (call := _called(event)) is not None and self._uses(call, name, scope):
                found.add(_USED)
        return frozenset(found)

    def _reached(self, name: str, edges: list[Edge], graph: Graph, scope: Scope) -> Iterable[Node]:
        """The events to which a failed session comes, those that end that as well."""
        if graph not in self._flags:
            self._flags[graph] = Flags(scope, graph)
        return self._flags[graph].reach(edges, lambda edge: self._stays(edge, name, scope))

    def _stays(self, edge: Edge, name: str, scope: Scope) -> bool:
        """Whether a session is still failed when an edge has been taken."""
        event = edge.source
        if edge.is_unwinding and edge.kind != "exception":
            return False
        if isinstance(edge.test, ast.expr) and _asks(edge.test, name, scope):
            return False
        if event.kind == "except" and isinstance(event.node, ast.ExceptHandler):
            return self.takes(event.node, scope) is not edge.is_unwinding
        if event.kind == "store" and not edge.is_unwinding:
            return stored_name(event) not in (name, name.partition(".")[0])
        if event.kind in ("enter", "exit"):
            return not self._is_over(event, name, scope)
        if edge.is_unwinding:
            return event.kind in _PASSING_ON or _is_raised_instead(event.node, scope)
        call = _called(event)
        if call is None:
            return True
        if self._method(call, name, scope) is not None:
            return False  # it is used, or rolled back, or closed
        outcome = self._passed(call, name, scope, failed=True)
        return outcome is None or _RETURNS in outcome

    def _uses(self, call: ast.Call, name: str, scope: Scope) -> bool:
        """Whether a call reaches the database with a session that has failed."""
        role = self._method(call, name, scope)
        if role is not None:
            return role in _USING
        outcome = self._passed(call, name, scope, failed=True)
        return outcome is not None and _USED in outcome

    def _fails(self, call: ast.Call, name: str, scope: Scope) -> Outcome:
        """How a call may go on with the session failed."""
        role = self._method(call, name, scope)
        if role is not None:
            return frozenset({_RAISES}) if role in _FAILING else _NOTHING
        return self._passed(call, name, scope, failed=False) or _NOTHING

    def _method(self, call: ast.Call, name: str, scope: Scope) -> str | None:
        """The role of a library's method that is called on a session, or on what one of it gives; None where it is no such
        call, or does nothing in the database."""
        changes = self.holdings.own_changes(scope).calls.get(call, ())
        fact = call_site(self.ev, call, scope) if isinstance(call.func, ast.Attribute) else None
        if fact is None or fact.row is None:
            return None
        transaction = self._handles(scope).get(fact.receiver)
        if transaction is not None and transaction.id == name:
            return "rollback"  # of a savepoint, or of the transaction: a commit of what has failed says so itself
        is_on = any(one.resource == name for one in changes) or fact.receiver == name
        return fact.role if is_on and fact.role not in ("", "local") else None

    def _handles(self, scope: Scope) -> dict[str, ast.Name]:
        """The names of transactions and savepoints, each with that of the session that has begun it."""
        if scope not in self._begun:
            self._begun[scope] = handles(self.ev, scope, self._beginning)
        return self._begun[scope]

    def _passed(self, call: ast.Call, name: str, scope: Scope, *, failed: bool) -> Outcome | None:
        """What becomes of a session in the function that a call runs; None where that is not passed it, and nothing where nobody
        knows."""
        callees = callees_of(self.ev, call, scope)
        callee = callees[0] if len(callees) == 1 else None
        if isinstance(callee, Function):
            places = set(received(self.ev, self.holdings, call, scope, callee.scope, frozenset({name})))
            if places:
                asked = [self._summaries.of(Asked(callee.scope.key, one, failed)) for one in sorted(places)]
                return frozenset().union(*asked)
        if not any(text_of(one, scope) == name for one in call_arguments(call)):
            return None
        is_kept = isinstance(callee, ClassObject)  # an object is made that has it from now on
        return frozenset({_RETURNS, _RAISES}) if is_kept and failed else _NOTHING

    def _is_over(self, event: Node, name: str, scope: Scope) -> bool:
        """Whether a block that is entered or left begins or ends a transaction of a session, or the session."""
        changes = changed_by(event, self.holdings.own_changes(scope))
        if any(one.resource == name and not one.holds for one in changes or ()):
            return True
        value = without_await(event.value)
        if not isinstance(value, ast.Call):
            return False
        fact = call_site(self.ev, value, scope)
        # A block of another name may be one of the same session.
        is_begun = fact is not None and fact.role == "begin"
        return is_begun or self._passed(value, name, scope, failed=True) is not None


def _called(event: Node) -> ast.Call | None:
    """The call that happens at an event."""
    done = happening(event)
    return done if isinstance(done, ast.Call) else None


def behind(call: ast.Call, outcome: Outcome, graph: Graph) -> list[Edge]:
    """The edges behind a call along which the session goes on failed."""
    happening = edges_from(graph.nodes_of(with_await(call)))
    raising = [edge for edge in happening if edge.kind == "exception" and _RAISES in outcome]
    return raising + [edge for edge in happening if not edge.is_unwinding and _RETURNS in outcome]


def _is_raised_instead(node: ast.AST, scope: Scope) -> bool:
    """Whether a handler raises what it has taken, or something else in its place, or what is raised is for the callers."""
    if not isinstance(node, ast.Raise):
        return False
    return around(node, scope, (ast.ExceptHandler,)) is not None or around(node, scope, (ast.Try,)) is None


def _asks(test: ast.expr, name: str, scope: Scope) -> bool:
    """Whether a test asks a session itself how it stands: ``if not db.is_active:``."""
    inside = (one for one in ast.walk(test) if isinstance(one, ast.Attribute))
    return any(text_of(one.value, scope) == name for one in inside)
