"""What functions leave written when they return: they, or those that they call, have written it, and none of them has committed
it on the way to the end."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING

from poolint.analyses.graphs import BlockEnd, events_at
from poolint.flow.cfg import TooComplex
from poolint.flow.solver import completed, reach
from poolint.flow.summaries import Summaries
from poolint.models.schema import SESSIONS
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.detect.services import Services
    from poolint.flow.cfg import Edge
    from poolint.syntax.scopes import Scope, ScopeKey

    Stores = Callable[[Scope], Iterable[ast.AST]]


class LeftWritten:
    """Answers for the functions of one project; the question is a problem of summaries. ``stores`` are what else a function
    writes: attributes that it sets of objects; ``gives``: whether it is seen to tell a session what that is to write."""

    def __init__(self, services: Services, stores: Stores, gives: Callable[[Scope], bool]) -> None:
        self.ev = services.evaluator
        self._changing = services.changing
        self._graphs = services.graphs
        self._stores = stores
        self._gives = gives
        self._pends = self.ev.models.words("pends")
        self._left: Summaries[ScopeKey, bool] = Summaries("left-written", self._is_left, bottom=False, join=or_)

    def by(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call has written something when it has returned, and not committed it itself."""
        functions = [one for one in callees_of(self.ev, call, scope) if isinstance(one, Function)]
        if functions:
            return any(self._left.of(one.scope.key) for one in functions)
        return self._changing.of_call(call, scope) is not None or self._is_told(call, scope)

    def _writes(self, scope: Scope) -> bool:
        return self._changing.of_function(scope) is not None or self._gives(scope)

    def _is_told(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call tells a session what it is to write."""
        fact = call_site(self.ev, call, scope) if last_name(call.func) in self._pends else None
        return fact is not None and fact.cls is not None and fact.cls.kind in SESSIONS

    def _is_seen(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call runs what is seen to write, all of which is committed."""
        callees = callees_of(self.ev, call, scope)
        return any(isinstance(one, Function) and self._writes(one.scope) for one in callees)

    def _is_left(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        writing: list[ast.AST] = [call for call in scope.calls if self.by(call, scope)]
        if not writing:
            return not any(self._is_seen(call, scope) for call in scope.calls) and self._writes(scope)
        try:
            graph = self._graphs.of(scope)
        except TooComplex:
            return True
        over = {event for one in self._ending(scope) for event in events_at(graph, one)}

        def passes(edge: Edge) -> bool:
            return edge.source not in over and not edge.is_unwinding

        begun = (event for one in (*writing, *self._stores(scope)) for event in events_at(graph, one))
        return graph.exits["exit-normal"] in set(reach(completed(begun), passes))

    def _ending(self, scope: Scope) -> Iterator[ast.AST | BlockEnd]:
        """What commits in a function: calls, and the ends of blocks of transactions."""
        for call in scope.calls_of("commit"):
            fact = call_site(self.ev, call, scope)
            if fact.role == "commit" if fact is not None else not callees_of(self.ev, call, scope):
                yield call
        for block in scope.withs:
            for item in block.items:
                header = item.context_expr
                fact = call_site(self.ev, header, scope) if isinstance(header, ast.Call) else None
                if fact is not None and fact.role == "begin":
                    yield BlockEnd.of(item)
