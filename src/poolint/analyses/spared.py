"""Whether a function surely leaves the session alone that it is passed, as long as others have it, too: it does not look at it,
does with it what is done in memory, waits for a lock first, or passes it to others that leave it alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.process_locks import is_let_in_alone
from poolint.analyses.session_use import Named
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Spared:
    """Answers for the functions of one project. What a function may do before it calls itself, it may do in any case."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._touched: Summaries[Named, bool] = Summaries("touches", self._touches, bottom=False, join=bool.__or__)

    def argument(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> bool:
        """Whether whatever a call runs leaves an argument alone, if that is a session."""
        callees = callees_of(self.ev, call, scope)
        return bool(callees) and all(
            isinstance(one, Function)
            and one.scope.kind == "function"
            and (name := parameter_for(one, call, argument, keyword)) is not None
            and not self._touched.of(Named(one.scope.key, name))
            for one in callees
        )

    def _touches(self, key: Named) -> bool:
        inner = self.ev.project.scope(key.function)
        if any(one.kind != "parameter" for one in inner.bindings.get(key.name, ())) or _is_abstract(inner):
            return True
        return any(self._is_touch(load, where) for where, load in reads_of(key.name, inner))

    def _is_touch(self, load: ast.Name, scope: Scope) -> bool:
        if is_let_in_alone(self.ev, load, scope):
            return False  # one after the other
        around = parent_of(load)
        keyword = around.arg if isinstance(around, ast.keyword) else None
        call = parent_of(around) if isinstance(around, (ast.Attribute, ast.keyword)) else around
        if not isinstance(call, ast.Call):
            return True
        if isinstance(around, ast.Attribute):
            fact = call_site(self.ev, call, scope) if call.func is around else None
            return fact is None or fact.row is None or fact.row.call != "sync" or fact.role != "local"
        is_passed = any(value is load for _, value in arguments_of(call))
        return not is_passed or not self.argument(call, load, keyword, scope)


def _is_abstract(scope: Scope) -> bool:
    """Whether a function has no body of its own that tells what it does."""
    body = getattr(scope.node, "body", [])
    return all(
        isinstance(one, (ast.Pass, ast.Raise)) or isinstance(getattr(one, "value", None), ast.Constant) for one in body
    )
