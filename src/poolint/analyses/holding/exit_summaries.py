"""Whether a function of the project returns with the session that it was passed still holding its connection.

A helper that commits does not end what its caller holds if it also has a way past the commit: ``if row is None: create
it and commit``; and one that reads back what it has committed holds again. Ways that the caller's arguments rule out are
none; what asks the session itself is not believed. And what hands the session to somebody unknown may have ended it.

A function that calls itself leaves the session as its ways do that come back without that: while summaries look for a
fixpoint, a way that calls what is not known to return yet ends there.
"""

from __future__ import annotations

import ast
from enum import IntEnum
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import received
from poolint.analyses.assumed import is_ruled_out
from poolint.analyses.conditions import Entering
from poolint.analyses.holding.results import NOTHING, Result, Returned, constant, is_constant
from poolint.analyses.holding.standings import changed_along
from poolint.analyses.joined import run_in_thread
from poolint.analyses.lifetimes.destinations import begun_with
from poolint.analyses.places import Places
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.liveness import bound_by
from poolint.flow.solver import completed, explore
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import assigned, parent_of
from poolint.types.call_sites import callees_of
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, CallableValue, ClassObject, Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.analyses.assumed import Values
    from poolint.analyses.conditions import Known
    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.flow.summaries import Components
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Binding, Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_KEEPING = (ast.Assign, ast.AnnAssign, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.withitem, ast.arguments)
"""What stands around a session that something keeps; the last as the default of a function inside."""


class Left(IntEnum):
    """How a function leaves a session that it was passed, on some way; of several functions that may be called, what may
    be the worst is believed."""

    NEVER = -1  # it is not known to return at all
    UNTOUCHED = 0
    HELD = 1
    ENDED = 2
    RENEWED = 3  # ended, and held again since


class Passed(NamedTuple):
    """A session that a function is passed: its parameter, or the place of it in an object, ``self.session``.

    ``is_ignored``: the caller does not ask for what the function returns; ``result``: it asks, and is told this. ``is_block``: a
    ``with`` runs the function, a generator, from one end to the other.
    """

    function: ScopeKey
    place: str
    fixed: Known = ()
    is_ignored: bool = False
    result: Result | None = None
    is_block: bool = False


class Leaving:
    """Answers for the functions of one project: a problem of summaries."""

    def __init__(self, ev: Evaluator, holdings: Holdings, ends: Effects, components: Components | None = None) -> None:
        self.ev = ev
        self.holdings = holdings
        self.ends = ends
        self._entering = ev.derived(Entering)
        self._places = ev.derived(Places)
        self._summaries: Summaries[Passed, Left] = Summaries(
            "left", self._left, bottom=Left.NEVER, join=on_some_way, components=components
        )

    def inherit(self, other: Leaving, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._summaries.inherit(other._summaries, living)

    def argument(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> Left:
        """How a function of the project leaves a session that it is passed."""
        found = Left.NEVER
        for one in callees_of(self.ev, call, scope):
            got = received(self.ev, one, call, argument, keyword) if isinstance(one, Function) else None
            found = max(found, self.place(got[1], got[0].scope, got[2], scope) if got is not None else Left.ENDED)
        return found

    def place(self, call: ast.Call, callee: Scope, place: str, scope: Scope, fixed: Known = ()) -> Left:
        """The same for one of the functions that a call runs and its parameter, or a place in that, where this is known of
        the parameters of the caller."""
        is_ignored = bool(callee.returns) and _is_ignored(call, scope)
        return self.parameter(callee, place, self._entering.known(call, callee, scope, fixed), is_ignored=is_ignored)

    def told(self, call: ast.Call, callee: Scope, place: str, scope: Scope) -> Iterator[Result]:
        """The results of a call by which a test is told that the function has left a session held, that is not believed of
        it without that."""
        if callee.returns and self.place(call, callee, place, scope) not in (Left.HELD, Left.RENEWED):
            found = self._by_result(call, callee, place, scope, ("true", "false"))
            yield from (one for one, left in found.items() if left in (Left.HELD, Left.RENEWED))

    def left_alone(
        self, call: ast.Call, callee: Scope, place: str, scope: Scope, results: Iterable[Result]
    ) -> Iterator[Result]:
        """Those of the results of a call that come only of ways on which its function leaves a session alone; it says so by a
        constant."""
        if any(map(is_constant, callee.returns)):
            found = self._by_result(call, callee, place, scope, results)
            yield from (one for one, left in found.items() if left is Left.UNTOUCHED)

    def _by_result(
        self, call: ast.Call, callee: Scope, place: str, scope: Scope, results: Iterable[Result]
    ) -> dict[Result, Left]:
        fixed = self._entering.known(call, callee, scope, ())
        return {one: self._of(Passed(callee.key, place, fixed, result=one)) for one in results}

    def parameter(self, scope: Scope, place: str, fixed: Known = (), *, is_ignored: bool = False) -> Left:
        """The same for whoever calls it, where this is known of the other parameters; ``NEVER`` only while a fixpoint is
        looked for."""
        return self._of(Passed(scope.key, place, fixed, is_ignored))

    def block(self, scope: Scope, place: str) -> Left:
        """The same of a method that runs as a block ends: all of a generator, which a ``with`` runs from end to end."""
        return self._of(Passed(scope.key, place, is_block=scope.is_generator))

    def _of(self, key: Passed) -> Left:
        found = self._summaries.of(key)
        return Left.ENDED if found is Left.NEVER and key in self._summaries.finished else found

    def _left(self, key: Passed) -> Left:
        scope, name = self.ev.project.scope(key.function), key.place
        root, _, path = name.partition(".")
        others = [one for one in scope.bindings.get(root, ()) if one.kind not in ("parameter", "narrowed")]
        if (scope.is_generator and not key.is_block) or not all(_is_another(one, root) for one in others):
            return Left.ENDED
        inside = [one for one in scope.descendants() if one is not scope]
        using = [one for one in inside if next(_standing(one.loads.get(root, ()), path), None) is not None]
        if any(self._of(Passed(one.key, name)) > Left.HELD for one in using):
            return Left.ENDED  # a function inside may end it at any time
        if any(self._is_handed_on(one, scope, name) for one in self._mentioned(name, scope)):
            return Left.ENDED
        changes = self.holdings.own_changes(scope, key.fixed)
        if any(asks_of(one.node, name, scope) for one in changes.ending(name)):
            return Left.ENDED
        try:
            graph, fixed = self.holdings.graph(scope), dict(key.fixed)
            rebound = root if others else ""
            found = ways_left(
                graph, changes, {name}, scope, fixed, rebound=rebound, is_ignored=key.is_ignored, result=key.result
            )
        except TooComplex:
            return Left.ENDED
        return reduce(on_some_way, found, Left.NEVER)

    def _mentioned(self, place: str, scope: Scope) -> Iterator[ast.expr]:
        """Where a place is read, under whatever name."""
        root, _, path = place.partition(".")
        yield from _standing(scope.loads.get(root, ()), path)
        for name in scope.bindings:
            if name != root and self._places.first(name, scope) == place:
                yield from scope.loads.get(name, ())

    def _is_handed_on(self, load: ast.expr, scope: Scope, place: str) -> bool:
        """Whether the session goes to somebody who may end it, and of whom no change says anything."""
        child: ast.AST = load
        parent = parent_of(load)
        while isinstance(parent, (ast.keyword, ast.Starred, ast.IfExp, ast.BoolOp)):
            child, parent = parent, parent_of(parent)
        if isinstance(parent, ast.Attribute):
            # `close` itself may be handed on; a method that is called is a change, where it is one.
            around = parent_of(parent)
            is_called = around.func is parent if isinstance(around, ast.Call) else isinstance(around, ast.Attribute)
            return not is_called and last_name(parent) in ("close", "commit")
        if isinstance(parent, ast.Assign) and self._is_renamed(parent, scope, place):
            return False
        if isinstance(parent, ast.Assign) and load in parent.targets and self._is_taken(parent.value, scope, place):
            return False
        if isinstance(parent, _KEEPING):
            return True
        if not isinstance(parent, ast.Call) or child is parent.func:
            return False
        models, name = self.ev.models, last_name(parent.func)
        if name in models.words("makes-task", "starts-later", "hands-on") or run_in_thread(models, parent) is not None:
            return True
        return any(self._may_end(one, parent, scope) for one in callees_of(self.ev, parent, scope))

    def _is_renamed(self, statement: ast.Assign, scope: Scope, place: str) -> bool:
        """Whether a statement gives a place another name, under which it is known as well."""
        targets = [one.id for one in statement.targets if isinstance(one, ast.Name)]
        return len(targets) == len(statement.targets) and all(
            self._places.first(one, scope) == place for one in targets
        )

    def _is_taken(self, value: ast.expr, scope: Scope, place: str) -> bool:
        """Whether a checkout is what a place is given here: ``self.conn = await pool.acquire()``."""
        taken = without_await(value)
        taken = begun_with(self.ev, taken, scope) if isinstance(taken, ast.Call) else taken
        found = self.holdings.own_changes(scope).calls.get(taken, ())
        return any(one.holds and one.resource == place for one in found)

    def _may_end(self, callee: object, call: ast.Call, scope: Scope) -> bool:
        if callee is UNKNOWN or isinstance(callee, CallableValue):
            return True
        if not isinstance(callee, ClassObject) or callee.cls is callee.base:
            return False
        if isinstance(parent_of(call), ast.Attribute) or _is_only_called(call, scope):
            return False  # each method that is called on it is a change of its own
        return any(
            self.ends.of_function(method) is not None
            for cls in lineage(self.ev, callee)
            for method in cls.children
            if method.kind == "function"
        )


def _is_another(binding: Binding, name: str) -> bool:
    """Whether a name is bound to something that is not made of what it stands for."""
    value = binding.value if binding.kind in ("assign", "annotated", "with") else None
    return value is not None and not any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(value))


def _is_ignored(call: ast.Call, scope: Scope) -> bool:
    """Whether a function asks for nothing that a call returns: the call is a statement, or what it gives has a name that is
    only returned."""
    value: ast.AST = call
    parent = parent_of(call)
    if isinstance(parent, ast.Await):
        value, parent = parent, parent_of(parent)
    if not isinstance(parent, ast.Assign):
        return isinstance(parent, ast.Expr)
    target = parent.targets[0]
    if not isinstance(target, ast.Name) or target.id in scope.declared or assigned(target.id, scope) is not value:
        return False
    loads = [load for inner in scope.descendants() for load in inner.loads.get(target.id, ())]
    return all(isinstance(parent_of(load), ast.Return) for load in loads)


def _standing(loads: Iterable[ast.expr], path: str) -> Iterator[ast.expr]:
    """Where a member stands, by reads of what it is a member of; these themselves for the empty path."""
    for load in loads:
        node: ast.AST | None = load
        for step in path.split(".") if path else ():
            node = parent_of(node) if node is not None else None
            node = node if isinstance(node, ast.Attribute) and node.attr == step else None
        if isinstance(node, ast.expr):
            yield node


def _is_only_called(made: ast.Call, scope: Scope) -> bool:
    """Whether an object is kept under a local name, and nothing is done with it but to call its methods."""
    statement = parent_of(made)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not (isinstance(target, ast.Name) and target.id not in scope.globals and len(scope.bindings[target.id]) == 1):
        return False
    inner = any(target.id in one.loads for one in scope.descendants() if one is not scope)
    uses = [parent_of(load) for load in scope.loads.get(target.id, ())]
    return not inner and all(
        isinstance(one, ast.Attribute) and isinstance(call := parent_of(one), ast.Call) and call.func is one
        for one in uses
    )


def on_some_way(one: Left, other: Left) -> Left:
    """How a function leaves a session that has a way for each of two: what is still held has to be reported."""
    if Left.RENEWED in (one, other):
        return Left.RENEWED
    return Left.HELD if Left.HELD in (one, other) else max(one, other)


def asks_of(node: ast.expr, name: str, scope: Scope) -> bool:
    """Whether something happens where the resource itself is asked for it: ``if session.in_transaction(): commit``."""
    child: ast.AST = node
    parent = parent_of(child)
    while parent is not None and parent is not scope.node:
        is_under = isinstance(parent, (ast.If, ast.IfExp, ast.While)) and child is not parent.test
        if is_under and any(name_of(one) == name for one in ast.walk(parent.test)):  # type: ignore[attr-defined]
            return True
        child, parent = parent, parent_of(parent)
    return False


class _Way(NamedTuple):
    """What is known on a way through a function: how the resource is left, which constant comes back, whether the name that it
    had stands for something else, and of which returned names a test has said that they are not the result asked for."""

    state: Left
    told: str
    is_gone: bool = False
    others: frozenset[str] = frozenset()


def ways_left(
    graph: Graph,
    changes: Changes,
    names: Set[str],
    scope: Scope,
    fixed: Values,
    since: list[Node] | None = None,
    *,
    rebound: str = "",
    is_ignored: bool = False,
    result: Result | None = None,
    at: Set[Node] | None = None,
) -> set[Left]:
    """How a function can leave a resource of these names, by ways on which nothing raises and that ``fixed`` allows; from
    its beginning, or from what comes after ``since``. How it has it ``at`` these events instead, where that is asked.

    A way that returns None or another constant, where others return something else, is one that the caller tells from
    them: ``if row is None: raise``. What it leaves held is not believed, where it was not held before; unless the caller
    does not ask, or is told the ``result`` of that way. Once the name ``rebound`` stands for something else, nothing that is
    done under it concerns the resource.
    """

    asked = Returned(result, scope) if result is not None else None

    def transfer(edge: Edge, before: _Way) -> _Way | None:
        event, (state, told, is_gone, others) = edge.source, before
        found = changed_along(edge, changes) or ()
        if edge.is_unwinding or any(one.never for one in found) or is_ruled_out(edge, fixed, scope):
            return None
        is_gone = is_gone or rebound in bound_by(event)
        for change in found if not is_gone else ():
            if change.began is not None and (rebound or change.began is change.node):
                continue  # of what the name has stood for since then, if it has; or what a call has begun, of all there is
            if change.resource in names and not (change.holds and asks_of(change.node, change.resource, scope)):
                again = Left.RENEWED if state in (Left.ENDED, Left.RENEWED) else Left.HELD
                if change.holds or change.asked is None or state is not Left.HELD:
                    state = again if change.holds else Left.ENDED
        if asked is not None:
            others = asked.others_after(edge, others)
        if event.kind == "return":
            told = constant(event.node.value if isinstance(event.node, ast.Return) else None)
        return _Way(state, told, is_gone, others)

    begun = _Way(Left.UNTOUCHED, NOTHING)
    found = explore(graph, [(edge, begun) for edge in completed(since or [graph.entry])], transfer)
    if at is not None:
        return {before.state for node, before in found if node in at}
    ends = {before for node, before in found if node.kind == "exit-normal"}
    if asked is not None:
        return {one.state for one in ends if asked.may_be(one.told, one.others)}
    telling = not is_ignored and len({one.told for one in ends}) > 1
    unbelieved = {Left.HELD: Left.UNTOUCHED, Left.RENEWED: Left.ENDED} if telling else {}
    return {unbelieved.get(one.state, one.state) if one.told else one.state for one in ends}
