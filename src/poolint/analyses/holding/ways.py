"""Whether something is held at an event on some way only, and which: where ways meet that have ended it and others that
have not, a way is looked for that leads past all ends, and that control can really take.

Ways that contradict themselves are none: what a flag, or a test that is made twice, said before, it says again. Nor is
one believed on which a loop ends nothing since it has no round, or on which the resource itself was asked. A way that
raises is none of these: what is held in a handler is held on all ways there, or not told. A flag that callers need not
pass is what it is by default: ``commit: bool = True``.
"""

from __future__ import annotations

import ast
from collections import Counter
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import is_ruled_out
from poolint.analyses.holding.standings import changed_by
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags, name_of
from poolint.flow.liveness import bound_by
from poolint.flow.solver import Problem, completed, explore, solve
from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from poolint.analyses.assumed import Values
    from poolint.analyses.holding.transfer import Change, Changes
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.flow.flags import Known
    from poolint.syntax.scopes import Scope

MAX_POINTS = 4_000
"""Events with what is known there that are looked at for one way; real functions need a few hundred."""

_BRANCHES = (ast.If, ast.IfExp, ast.Match)
_TESTING = (ast.If, ast.IfExp, ast.While, ast.Assert)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Branch(NamedTuple):
    """A test, how it comes out on a way, and the call that is not reached then, which would have ended something."""

    test: ast.expr
    truth: bool
    passed_by: ast.expr


class Way(NamedTuple):
    """A way to an event: since which change something is held on it, and the branch by which it misses the end."""

    change: Change
    branch: Branch | None


class _State(NamedTuple):
    """What is known on a way: since which change, by its number, it is held; flags; tests that are made twice."""

    since: int | None
    flags: frozenset[Known]
    tests: frozenset[tuple[str, bool]]


class _Passing(NamedTuple):
    """What an edge does to a resource: its changes, and whether nothing that was held before it is believed any more."""

    changes: list[Change]
    forgets: bool


class Ways:
    """The ways through one function."""

    def __init__(self, graph: Graph, changes: Changes, scope: Scope) -> None:
        self._graph = graph
        self._changes = changes
        self._scope = scope
        self._flags = Flags(scope, graph)
        self._defaults = _flags_by_default(scope)
        self._twice = _made_twice(scope)
        self._asked: dict[ast.expr, tuple[str, bool]] = {}
        self._found: dict[tuple[Node, str], Way | None] = {}

    def to(self, event: Node, resource: str) -> Way | None:
        """A way to an event on which a resource is held there; None where there is none, or it takes too much to know."""
        key = (event, resource)
        if key not in self._found:
            try:
                self._found[key] = self._search(event, resource)
            except TooComplex:
                self._found[key] = None
        return self._found[key]

    def _search(self, event: Node, resource: str) -> Way | None:
        begun: list[Change] = []
        ends = [one.node for one in self._changes.ending(resource)]
        around = set(_around(event.node))
        leading = _leading_to(self._graph, event)
        decided = {id(one) for end in ends for one in _around(end) if one not in around or isinstance(one, _BRANCHES)}

        def number(change: Change) -> int:
            if not any(one is change for one in begun):
                begun.append(change)
            return next(index for index, one in enumerate(begun) if one is change)

        def passing(edge: Edge) -> _Passing | None:
            """What an edge does, whatever is known before it; None where no way takes it."""
            if edge.is_unwinding or edge.target not in leading or is_ruled_out(edge, self._defaults, self._scope):
                return None
            changes = [one for one in changed_by(edge.source, self._changes) or () if one.resource == resource]
            over = _loop_that_is_over(edge)
            forgets = (over is not None and id(over) in decided and over not in around) or (
                _is_test(edge) and _asks(edge.test, resource) and id(_statement(edge)) in decided  # type: ignore[arg-type]
            )
            return _Passing(changes, forgets)

        passed: dict[Edge, _Passing | None] = {}

        def transfer(edge: Edge, state: _State) -> _State | None:
            if edge not in passed:
                passed[edge] = passing(edge)
            found = passed[edge]
            if found is None:
                return None
            since = state.since
            for change in found.changes:
                if not change.holds:
                    since = None
                elif since is None:
                    since = number(change)
            if found.forgets:
                since = None
            flags = self._flags.along(edge, state.flags)
            tests = self._tested(edge, state.tests)
            return None if flags is None or tests is None else _State(since, flags, tests)

        before = next((one for one in self._changes.before if one.resource == resource), None)
        start = _State(number(before) if before is not None else None, frozenset([frozenset()]), frozenset())
        ways = explore(self._graph, [(edge, start) for edge in completed([self._graph.entry])], transfer, MAX_POINTS)
        for node, state in ways:
            if node is event and state.since is not None:
                return Way(begun[state.since], _branch(ways.witness((node, state)), ends))
        return None

    def _tested(self, edge: Edge, tests: frozenset[tuple[str, bool]]) -> frozenset[tuple[str, bool]] | None:
        """What tests have said once an edge is taken; None where one says something else than before."""
        if edge.source.kind == "store":
            names = set(bound_by(edge.source))
            return (
                frozenset(one for one in tests if names.isdisjoint(one[0].partition("|")[0].split()))
                if tests
                else tests
            )
        if not self._twice or not _is_test(edge):
            return tests
        assert isinstance(edge.test, ast.expr)
        asked = self._asked.get(edge.test)
        if asked is None:
            asked = self._asked[edge.test] = _asked(edge.test)
        key, flipped = asked
        if key not in self._twice:
            return tests
        truth = edge.truth is not flipped
        return None if (key, not truth) in tests else tests | {(key, truth)}


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


def _made_twice(scope: Scope) -> frozenset[str]:
    """What more than one test of a function asks. Only tests of the same names can ask the same: no others are dumped."""
    tests = [leaf for one in ast.walk(scope.node) if isinstance(one, _TESTING) for leaf in _leaves(one.test)]
    if len(tests) < 2:
        return frozenset()
    names = [_names_in(one) for one in tests]
    often = Counter(names)
    asked = Counter(_asked(one)[0] for one, found in zip(tests, names, strict=True) if often[found] > 1)
    return frozenset(key for key, number in asked.items() if key and number > 1)


def _names_in(test: ast.AST) -> str:
    return " ".join(sorted({one.id for one in ast.walk(test) if isinstance(one, ast.Name)}))


def _is_test(edge: Edge) -> bool:
    return edge.truth is not None and isinstance(edge.test, ast.expr)


def _asked(test: object) -> tuple[str, bool]:
    """What a test asks, by its names and its dump, and whether it asks the opposite; nothing where it calls something."""
    if not isinstance(test, ast.expr):
        return "", False
    test, flipped = unnegated(test, False)
    if any(isinstance(one, (ast.Call, ast.Await)) for one in ast.walk(test)):
        return "", False
    names = _names_in(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        opposite = isinstance(test.ops[0], (ast.NotEq, ast.IsNot, ast.NotIn))
        asked = {"NotEq": "Eq", "IsNot": "Is", "NotIn": "In"}.get(
            type(test.ops[0]).__name__, type(test.ops[0]).__name__
        )
        return (
            f"{names}|{ast.dump(test.left)} {asked} {ast.dump(test.comparators[0])}",
            flipped is not opposite,
        )
    return f"{names}|{ast.dump(test)}", flipped


def _leaves(test: ast.expr) -> Iterator[ast.expr]:
    """The tests that one is made of."""
    if isinstance(test, ast.BoolOp):
        for one in test.values:
            yield from _leaves(one)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _leaves(test.operand)
    else:
        yield test


def _asks(test: ast.AST, resource: str) -> bool:
    return any(name_of(one) == resource for one in ast.walk(test))


def _statement(edge: Edge) -> ast.AST | None:
    """The branching statement, or the loop, whose test an edge comes from."""
    return next((one for one in _around(edge.test) if isinstance(one, (*_BRANCHES, *_LOOPS))), None)  # type: ignore[arg-type]


def _loop_that_is_over(edge: Edge) -> ast.AST | None:
    if edge.kind == "exhausted":
        return edge.source.node
    if _is_test(edge) and edge.truth is False and isinstance(one := _statement(edge), ast.While):
        return one
    return None


def _around(node: ast.AST) -> Iterator[ast.AST]:
    """What a node stands in, up to its function."""
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        yield current
        current = parent_of(current)


def _branch(way: list[Edge], ends: Iterable[ast.expr]) -> Branch | None:
    """The last test on a way that decides about one of the ends of something."""
    deciding = {id(one): end for end in ends for one in _around(end) if isinstance(one, _BRANCHES)}
    for edge in reversed(way):
        statement = _statement(edge) if _is_test(edge) else None
        if statement is not None and id(statement) in deciding:
            assert isinstance(edge.test, ast.expr)
            return Branch(edge.test, bool(edge.truth), deciding[id(statement)])
    return None
