"""By which call a session has begun a transaction when another one comes: without a connection, in memory (``add()``), here or in
a function of the project; or in the round of a loop before, with one as well.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding.left_begun import LeftBegun, Place
from poolint.analyses.holding.standings import changed_by
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.solver import edges_from, reach
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside, loops_around
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.summaries import Components
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class BegunBefore:
    """Answers for one project. Which functions surely begin a transaction of a session, and leave it so, is a problem of
    summaries; what calls itself does so where its other ways do."""

    def __init__(self, ev: Evaluator, holdings: Holdings, components: Components) -> None:
        self.ev = ev
        self.holdings = holdings
        self.left = LeftBegun(ev, holdings, components)
        self._calls: dict[tuple[str, Scope], tuple[frozenset[ast.Call], frozenset[ast.Call]]] = {}
        self._leaving: Summaries[Place, bool] = Summaries(
            "leaves-begun", self._of_function, bottom=False, join=or_, components=components
        )

    def since(self, node: ast.Call, resource: str, scope: Scope) -> ast.Call | None:
        """The call since which a session surely has begun a transaction when ``node`` comes: on every way, or, in a loop that
        goes on with the same session, whenever it comes round."""
        loop = next(iter(loops_around(node)), None)
        in_rounds = loop is not None and not _is_bound_in(loop, resource, scope)
        begins, takes = self._of_scope(resource, scope)
        if in_rounds:
            begins |= {one for one in takes if one is not node and not self.left.may_end(one, resource, scope)}
        found = [one for one in scope.calls if one in begins]
        if not found or self._is_over(node, found, resource, scope, in_rounds=in_rounds):
            return None
        for call in found:
            ending = self.left.calls(resource, scope, call)
            if self.holdings.lasts(call, node, resource, scope, ending, in_rounds=in_rounds):
                return call
        return None

    def _of_scope(self, resource: str, scope: Scope) -> tuple[frozenset[ast.Call], frozenset[ast.Call]]:
        """The calls of a function that make a session begin, and those that make it take its connection."""
        if (resource, scope) not in self._calls:
            begins = frozenset(one for one in scope.calls if self._begins(one, resource, scope))
            self._calls[resource, scope] = (
                begins,
                frozenset(one for one in scope.calls if one not in begins and self._takes(one, resource, scope)),
            )
        return self._calls[resource, scope]

    def _is_over(self, node: ast.Call, begun: list[ast.Call], resource: str, scope: Scope, *, in_rounds: bool) -> bool:
        """Whether something that ends the use of a session leads to ``node`` without any of the calls that begin it: none of
        them lasts then. Asked of all at once, since to ask for each takes long where there are many."""
        changes = self.holdings.changes(scope)
        try:
            graph = self.holdings.graph(scope)
        except TooComplex:
            return True
        events = graph.nodes_of(node)
        beginning = {event for one in begun for event in graph.nodes_of(one)}
        for event in events:
            # What comes only before a loop says nothing of its rounds.
            around = reach(edges_from([event])) if in_rounds else graph.reverse_postorder()
            ending = [
                one
                for one in around
                if one not in beginning
                and any(each.resource == resource and not each.holds for each in changed_by(one, changes) or ())
            ]
            if any(one is event for one in reach(edges_from(ending), lambda edge: edge.source not in beginning)):
                return True
        return False

    def _begins(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a call makes a session begin in memory, itself or by whatever function of the project it runs."""
        function = call.func
        if isinstance(function, ast.Attribute) and text_of(function.value, scope) == resource:
            fact = call_site(self.ev, call, scope)
            if fact is not None:
                return getattr(fact.row, "begins", False)
        callees = callees_of(self.ev, call, scope) if self._is_given(call, resource, scope) else ()
        return bool(callees) and all(
            isinstance(one, Function) and self._leave_begun(self.left.may_run(one, call), call, resource, scope)
            for one in callees
        )

    def _leave_begun(self, runs: list[Function] | None, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether each of the functions that a call may run begins a transaction of a session, and leaves it so."""
        return runs is not None and all(
            any(map(self._leaving.of, self._passed(one, call, resource, scope))) for one in runs
        )

    def _takes(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a call makes a session take its connection, and leaves it held."""
        found = self.holdings.changes(scope).calls.get(call, ())
        return any(one.resource == resource and one.holds and not (one.at_times or one.asked) for one in found)

    def _is_given(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether words let a call pass a session on."""
        is_passed = any(name_of(one) == resource for _, one in arguments_of(call))
        return is_passed or ("." in resource and self.holdings.objects.gets_carrier(call, scope))

    def _passed(self, callee: Function, call: ast.Call, resource: str, scope: Scope) -> Iterator[Place]:
        """What a function of the project calls a session that a call passes it, where it has run when the call is over."""
        inner = callee.scope
        if inner.is_generator or (inner.is_async and not isinstance(parent_of(call), ast.Await)):
            return
        yield from self.left.received(callee, call, resource, scope)

    def _of_function(self, key: Place) -> bool:
        scope = self.ev.project.scope(key.function)
        root = key.place.partition(".")[0]
        if any(one.kind not in ("parameter", "narrowed") for one in scope.bindings.get(root, ())):
            return False
        return any(
            self._begins(call, key.place, scope)
            and self.holdings.lasts(call, scope.node, key.place, scope, self.left.calls(key.place, scope, call))
            for call in scope.calls
        )


def _is_bound_in(loop: ast.AST, resource: str, scope: Scope) -> bool:
    """Whether a loop binds what is reached by a name, anew in each round."""
    return any(is_inside(one.node, loop) for one in scope.bindings.get(resource.partition(".")[0], ()))
