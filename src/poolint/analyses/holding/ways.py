"""Whether something is held at an event on some way only, and which: where ways meet that have ended it and others that
have not, a way is looked for that leads past all ends, and that control can really take.

Ways that contradict themselves are none: what a flag, or a test that is made twice, said before, it says again. Nor is
one believed on which a loop ends nothing since it has no round, or on which the resource itself was asked. A way that
raises is none of these: what is held in a handler is held on all ways there, or not told. A flag that callers need not
pass is what it is by default: ``commit: bool = True``.
"""

from __future__ import annotations

import ast
from functools import cache
from operator import or_
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.assumed import is_ruled_out, truth
from poolint.analyses.holding.asked_arguments import said_by
from poolint.analyses.holding.standings import changed_along
from poolint.analyses.outcomes import Outcomes
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags, name_of
from poolint.flow.solver import Problem, completed, explore, solve
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import LOOPS, is_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from poolint.analyses.assumed import Values
    from poolint.analyses.holding.changes import Change, Changes
    from poolint.analyses.outcomes import Told
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.flow.flags import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

MAX_POINTS = 4_000
"""Events with what is known there that are looked at for one way; real functions need a few hundred."""

_BRANCHES = (ast.If, ast.IfExp, ast.Match)


class Branch(NamedTuple):
    """A test, how it comes out on a way, and the call that is not reached then, which would have ended something."""

    test: ast.expr
    truth: bool
    passed_by: ast.expr
    is_asked: bool = False
    """It is reached, and passed the test, by which it decides."""


class Way(NamedTuple):
    """A way to an event: since which change something is held on it, and the branch by which it misses the end."""

    change: Change
    branch: Branch | None


class _State(NamedTuple):
    """What is known on a way: since which change, by its number, it is held; flags; what tests have said."""

    since: int | None
    flags: frozenset[Known]
    told: Told


_NOTHING_KNOWN = _State(None, frozenset([frozenset()]), frozenset())


class _Passing(NamedTuple):
    """What an edge does to a resource: its changes; whether one of them is made by the test of a statement that may end the use,
    and whether nothing that was held before is believed any more, but what the test of this statement has taken."""

    changes: list[Change]
    is_by_test: bool
    forgets: bool
    tested: ast.AST | None


class Ways:
    """The ways through one function."""

    def __init__(self, ev: Evaluator, graph: Graph, changes: Changes, scope: Scope) -> None:
        self._ev = ev
        self._graph = graph
        self._changes = changes
        self._scope = scope
        self._flags = Flags(scope, graph)
        self._defaults = _flags_by_default(scope)
        self._outcomes = Outcomes(ev, scope)
        self._found: dict[tuple[Node, str, bool], Way | Literal[False] | None] = {}

    def to(self, event: Node, resource: str) -> Way | None:
        """A way to an event on which a resource is held there; None where there is none, or it takes too much to know."""
        return self._way(event, resource, by_default=True) or None

    def confirmed(self, event: Node, since: Change) -> Change | None:
        """Since which change a resource is held at an event, that is said to be held since one of them: None where tests
        lead to that event and to no such change."""
        resource = since.resource
        begun = [one for one in self._changes.holding() if one.resource == resource]
        here = list(self._tests_before(event.node)) if event.node is not None else []
        is_before = any(one.resource == resource for one in self._changes.before)
        if (
            is_before
            or not here
            or not any(self._outcomes.contradict([*self._tests_before(one.node), *here]) for one in begun)
        ):
            return since
        way = self._way(event, resource, by_default=False)
        return since if way is False else way.change if way is not None else None

    def leads_past(self, event: Node, resource: str, fixed: Values) -> bool:
        """Whether a way from the beginning of the function to an event misses all that ends the use of a resource, where this is
        known of its parameters."""
        passing = self._passing(event, resource, {**self._defaults, **fixed})
        begun = completed([self._graph.entry])

        def misses(edge: Edge, _: bool) -> bool | None:
            found = passing(edge)
            ends = found is None or found.forgets or not all(one.holds or one.asked for one in found.changes)
            return None if ends else True

        def consistent(edge: Edge, state: _State) -> _State | None:
            return self._known(edge, state, 0) if misses(edge, True) else None

        shortest = explore(self._graph, [(edge, True) for edge in begun], misses)
        point = next((one for one in shortest if one[0] is event), None)
        if point is None:
            return False
        state: _State | None = _NOTHING_KNOWN
        for edge in shortest.witness(point)[1:]:
            state = consistent(edge, state) if state is not None else None
        if state is not None:
            return True  # the shortest contradicts nothing: the others need not be looked for
        try:
            ways = explore(self._graph, [(edge, _NOTHING_KNOWN) for edge in begun], consistent, MAX_POINTS)
            return any(node is event for node, _ in ways)
        except TooComplex:
            return False

    def _tests_before(self, node: ast.AST) -> Iterator[tuple[ast.expr | ast.pattern, bool]]:
        """The tests and patterns that have come out one way where a node stands."""
        for test, holds in tests_before(node, self._scope):
            yield from parts_of(test, holds)
        yield from ((one.pattern, True) for one in _around(node) if isinstance(one, ast.match_case))

    def _way(self, event: Node, resource: str, *, by_default: bool) -> Way | Literal[False] | None:
        """A way on which something is held; None where there is none to that, False where that is not known."""
        key = (event, resource, by_default)
        if key not in self._found:
            try:
                self._found[key] = self._search(event, resource, self._defaults if by_default else {})
            except TooComplex:
                self._found[key] = False
        return self._found[key]

    def _passing(self, event: Node, resource: str, fixed: Values) -> Callable[[Edge], _Passing | None]:
        """What an edge on a way to an event does, whatever is known before it; None where no way takes it."""
        around = set(_around(event.node))
        leading = _leading_to(self._graph, event)
        ends = [one.node for one in self._changes.ending(resource)]
        decided = {id(one) for end in ends for one in _around(end) if one not in around or isinstance(one, _BRANCHES)}

        @cache
        def passing(edge: Edge) -> _Passing | None:
            if edge.is_unwinding or edge.target not in leading or is_ruled_out(edge, fixed, self._scope):
                return None
            changes = [one for one in changed_along(edge, self._changes) or () if one.resource == resource]
            over, tested = _loop_that_is_over(edge), _statement(edge) if _is_test(edge) else None
            forgets = (over is not None and id(over) in decided and over not in around) or (
                tested is not None and _asks(edge.test, resource) and id(tested) in decided  # type: ignore[arg-type]
            )
            is_by_test = any(id(_tested_by(one.node)) in decided for one in changes)
            return _Passing(changes, is_by_test, forgets, tested)

        return passing

    def _search(self, event: Node, resource: str, fixed: Values) -> Way | Literal[False] | None:
        begun: list[Change] = []
        passing = self._passing(event, resource, fixed)

        def number(change: Change) -> int:
            if not any(one is change for one in begun):
                begun.append(change)
            return next(index for index, one in enumerate(begun) if one is change)

        def transfer(edge: Edge, state: _State) -> _State | None:
            found = passing(edge)
            if found is None:
                return None
            since = state.since
            for change in found.changes:
                is_taken = change.holds and (since is None or found.is_by_test)
                held = number(change) if is_taken else since
                is_over = change.asked is None and not change.holds
                since = None if is_over or (held is not None and self.may_end(change, begun[held], event)) else held
            is_gone = found.forgets and (since is None or _tested_by(begun[since].node) is not found.tested)
            return self._known(edge, state, None if is_gone else since)

        before = next((one for one in self._changes.before if one.resource == resource), None)
        start = _NOTHING_KNOWN._replace(since=number(before) if before is not None else None)
        ways = explore(self._graph, [(edge, start) for edge in completed([self._graph.entry])], transfer, MAX_POINTS)
        is_reached = False
        for node, state in ways:
            if node is event and state.since is not None:
                ends = [one.node for one in self._changes.ending(resource)]
                return Way(begun[state.since], self._branch(ways.witness((node, state)), ends, resource))
            is_reached = is_reached or node is event
        return None if is_reached else False

    def may_end(self, change: Change, since: Change, event: Node) -> bool:
        """Whether a helper that is asked to may have ended on all ways to an event what is held since another change: callers
        need not say anything else, or what it is asked by may decide as well whether that is held, or the event is reached."""
        if change.asked is None:
            return False
        if truth(change.asked.test, self._defaults, self._scope) is change.asked.truth:
            return True
        mine = set(said_by(self._ev, change.asked.test, self._scope))
        places = [one for one in (since.node, event.node) if one is not None]
        tests = [test for place in places for test, _ in tests_before(place, self._scope)]
        tests += [one.iter for place in places for one in _around(place) if isinstance(one, (ast.For, ast.AsyncFor))]
        return None in mine or any(one in mine for test in tests for one in said_by(self._ev, test, self._scope))

    def _branch(self, way: list[Edge], ends: list[ast.expr], resource: str) -> Branch | None:
        """What decides last on a way about one of the ends of something: a test, or what a helper is asked by."""
        deciding = {id(one): end for end in ends for one in _around(end) if isinstance(one, _BRANCHES)}
        for edge in reversed(way):
            statement = _statement(edge) if _is_test(edge) else None
            if statement is not None and id(statement) in deciding:
                assert isinstance(edge.test, ast.expr)
                return Branch(edge.test, bool(edge.truth), deciding[id(statement)])
            for change in changed_along(edge, self._changes) or ():
                if change.asked is not None and change.resource == resource:
                    return Branch(change.asked.test, not change.asked.truth, change.node, True)
        return None

    def _known(self, edge: Edge, state: _State, since: int | None) -> _State | None:
        """What is known behind an edge; None where it contradicts what is known before it."""
        flags = self._kept(edge.source, self._flags.along(edge, state.flags))
        told = self._outcomes.along(edge, state.told)
        return None if flags is None or told is None else _State(since, flags, told)

    def _kept(self, event: Node, flags: frozenset[Known] | None) -> frozenset[Known] | None:
        """What is still known of flags when an event has happened: not of attributes that a call may have changed."""
        call = event.node if event.kind == "call" else None
        dotted = {name for known in flags or () for name, _ in known if "." in name}
        if flags is None or not dotted or not isinstance(call, ast.Call):
            return flags
        changed = {name for name in dotted if self._outcomes.changes(call, (name,))}
        return frozenset(frozenset(one for one in known if one[0] not in changed) for known in flags)


def _flags_by_default(scope: Scope) -> Values:
    """The parameters that are True or False by default."""
    return {
        name: found[0].value.value
        for name, found in scope.bindings.items()
        if len(found) == 1
        and found[0].kind == "parameter"
        and isinstance(found[0].value, ast.Constant)
        and isinstance(found[0].value.value, bool)
    }


def _leading_to(graph: Graph, event: Node) -> Collection[Node]:
    """An event, and what may come to it without raising: of all else no way has to be followed."""
    return solve(graph, Problem({event: True}, or_, lambda edge, _: None if edge.is_unwinding else True, backward=True))


def _is_test(edge: Edge) -> bool:
    return edge.truth is not None and isinstance(edge.test, ast.expr)


def _asks(test: ast.AST, resource: str) -> bool:
    return any(name_of(one) == resource for one in ast.walk(test))


def _statement(edge: Edge) -> ast.AST | None:
    """The branching statement, or the loop, whose test an edge comes from."""
    return next((one for one in _around(edge.test) if isinstance(one, (*_BRANCHES, *LOOPS))), None)  # type: ignore[arg-type]


def _loop_that_is_over(edge: Edge) -> ast.AST | None:
    if edge.kind == "exhausted":
        return edge.source.node
    loop = _statement(edge) if _is_test(edge) else None
    return loop if isinstance(loop, ast.While) and not _is_round(edge.target.node, loop) else None


def _is_round(node: ast.AST, loop: ast.While) -> bool:
    """Whether something happens in a round of a loop, or as it asks for one."""
    return any(is_inside(node, part) for part in (loop.test, *loop.body))


def _tested_by(node: ast.expr) -> ast.stmt | None:
    """The ``if`` or the loop in whose test something stands."""
    statement = statement_of(node)
    return statement if isinstance(statement, (ast.If, ast.While)) else None


def _around(node: ast.AST) -> Iterator[ast.AST]:
    """What a node stands in, up to its function."""
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        yield current
        current = parent_of(current)
