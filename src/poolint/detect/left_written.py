"""What functions leave written when they return: they, or those that they call, have written it, and none of them has committed
it on the way to the end."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING

from poolint.analyses.graphs import BlockEnd
from poolint.detect.writing import Giving, events_after, stores_of
from poolint.flow.cfg import TooComplex
from poolint.flow.summaries import Summaries
from poolint.types.call_sites import call_site, callees_of
from poolint.types.decorated import wrapped
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.decorated import Wrapped


class LeftWritten:
    """Answers for the functions of one project; the question is a problem of summaries. A function that writes sets attributes of
    rows as well."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self._changing = services.changing
        self._graphs = services.graphs
        self._giving = services.kept(Giving, lambda: Giving(services.edges))
        self._left: Summaries[ScopeKey, bool] = Summaries("left-written", self._is_left, bottom=False, join=or_)

    def by(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call has written something when it has returned, and not committed it itself."""
        functions = [one for one in callees_of(self.ev, call, scope) if isinstance(one, Function)]
        if functions:
            return any(self._left.of(one.scope.key) and not self._is_committed_around(one.scope) for one in functions)
        return self._changing.of_call(call, scope) is not None or self._giving.tells(call, scope)

    def _is_committed_around(self, scope: Scope) -> bool:
        """Whether a decorator commits what a function leaves written: ``result = function(*args)``, ``session.commit()``."""
        return any(self._is_committed_after(one) for one in wrapped(self.ev, scope))

    def _is_committed_after(self, run: Wrapped) -> bool:
        try:
            graph = self._graphs.of(run.wrapper)
        except TooComplex:
            return False
        ends = {*self._ending(run.wrapper)}
        return bool(ends) and graph.exits["exit-normal"] not in events_after(graph, [run.call], but=ends, raising=False)

    def _writes(self, scope: Scope) -> bool:
        return self._changing.of_function(scope) is not None or self._giving.of(scope)

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
        written = [*writing, *stores_of(self.ev, scope)]
        return graph.exits["exit-normal"] in events_after(graph, written, but={*self._ending(scope)}, raising=False)

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
