"""Whether a coroutine runs where it is made: it is awaited there, or handed to what runs it before it returns, a library's
(``asyncio.run``, ``asyncio.gather``) or a function of the project that awaits what it is passed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.ownership import parameter_for
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import ScopeKey, parent_of, reads_of
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_HANDED = (ast.Starred, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp, ast.IfExp)


class _Parameter(NamedTuple):
    """A parameter of a function of the project."""

    function: ScopeKey
    name: str


class Driven:
    """Answers for one project. What functions do with their parameters is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._drives = ev.models.words("at-once", "drives", "drives-given", "shields", "limits-awaited", "limits-block")
        """What runs the coroutines that it is given before it returns."""
        self._awaited: Summaries[_Parameter, bool] = Summaries(
            "awaits-parameter", self._is_awaited, bottom=False, join=bool.__or__
        )

    def is_driven(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a coroutine made at ``node`` is awaited there, by itself or by what it is handed to."""
        parent, keyword = parent_of(node), None
        while isinstance(parent, (*_HANDED, ast.keyword)):
            if isinstance(parent, ast.keyword):
                keyword = parent.arg
            node, parent = parent, parent_of(parent)
        if isinstance(parent, ast.Await):
            return True
        if not isinstance(parent, ast.Call) or node is parent.func:
            return False
        return last_name(parent.func) in self._drives or self._is_awaited_by(parent, node, keyword, scope)

    def _is_awaited_by(self, call: ast.Call, argument: ast.AST, keyword: str | None, scope: Scope) -> bool:
        """Whether what a call runs, if it runs here, awaits an argument."""
        callees = alternatives(self.ev.type_of(call.func, scope))
        return bool(callees) and all(
            isinstance(one, Function)
            and one.scope.kind == "function"
            and (name := parameter_for(one, call, argument, keyword)) is not None
            and self._awaited.of(_Parameter(one.scope.key, name))
            and (not one.scope.is_async or self.is_driven(call, scope))
            for one in callees
        )

    def _is_awaited(self, key: _Parameter) -> bool:
        scope = self.ev.project.scope(key.function)
        if scope.is_generator or len(scope.bindings.get(key.name, ())) != 1:
            return False
        return any(inner is scope and self.is_driven(load, scope) for inner, load in reads_of(key.name, scope))
