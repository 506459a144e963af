"""What a function that is called has of the sessions and connections of its caller, and under which names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of, text_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def received(
    ev: Evaluator, holdings: Holdings, call: ast.expr, scope: Scope, inner: Scope, names: AbstractSet[str]
) -> Iterator[str]:
    """What the function ``inner`` that a call leads to calls those of ``names``, places of ``scope``, that it is passed, that
    its object has, or that are of registries."""
    if not isinstance(call, ast.Call):
        return
    yield from filter(None, (holdings.objects.shared(one, scope, inner) for one in names))
    is_own = isinstance(call.func, ast.Attribute) and text_of(call.func.value, scope) == "self"
    yield from (name for name in names if is_own and name.startswith("self."))
    callee = next((one for one in callees_of(ev, call, scope) if _leads_to(one, inner)), None)
    if isinstance(callee, Function):
        yield from holdings.objects.inside(call, callee, set(names), scope)
        passed = [(None, one) for one in call.args] + [(one.arg, one.value) for one in call.keywords]
        for keyword, argument in passed:
            name = parameter_for(callee, call, argument, keyword) if text_of(argument, scope) in names else None
            if name is not None:
                yield name


def _leads_to(one: Type, inner: Scope) -> bool:
    return isinstance(one, Function) and one.scope is inner
