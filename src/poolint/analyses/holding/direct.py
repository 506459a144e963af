"""Whether a connection was opened by itself, outside of any pool: who holds it keeps nobody else waiting."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import without_await
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_Ways = frozenset[bool]
"""For each connection that may be taken, whether it is opened directly."""

_BOTH: _Ways = frozenset((True, False))


def opens_directly(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """The same of what a ``with`` enters, also where functions or managers of the project open it."""
    call = without_await(node)
    return isinstance(call, ast.Call) and ev.derived(_Taking).of_call(call, scope) == {True}


class _Taking:
    """How calls take their connections, themselves or in functions of the project: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._ways: Summaries[ScopeKey, _Ways] = Summaries(
            "takes", self._of_function, bottom=frozenset(), join=frozenset.union
        )

    def of_call(self, call: ast.Call, scope: Scope) -> _Ways:
        fact = call_site(self.ev, call, scope, use_evidence=False)
        if fact is not None and (fact.row is not None or fact.opens):
            return frozenset((fact.is_direct,)) if fact.opens else frozenset()
        found: _Ways = frozenset()
        for one in callees_of(self.ev, call, scope):
            methods = (
                ("__init__", "__enter__", "__aenter__")
                if isinstance(one, ClassObject) and one.cls is not one.base
                else ()
            )
            run = [self.ev.type_of_member(one.instance(), method) for method in methods if isinstance(one, ClassObject)]
            for each in (one, *run):
                if isinstance(each, Function):
                    found |= self._ways.of(each.scope.key)
        return found

    def _of_function(self, key: ScopeKey) -> _Ways:
        scope = self.ev.project.scope(key)
        found: _Ways = frozenset()
        for call in scope.calls:
            found |= self.of_call(call, scope)
            if found == _BOTH:
                break
        return found
