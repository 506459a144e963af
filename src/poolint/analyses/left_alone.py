"""Whether a function that is passed something mentions it at all: what nobody mentions is neither used nor kept."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.frameworks.hooks import runs_after_response
from poolint.syntax.surroundings import call_taking
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_left_alone(ev: Evaluator, work: ast.Call, keyword: str | None, argument: ast.expr, scope: Scope) -> bool:
    """Whether the functions that get an argument are known, and none of them mentions it. An empty method may stand for
    those of other classes."""
    for callee in callees_of(ev, work, scope):
        name = parameter_for(callee, work, argument, keyword) if isinstance(callee, Function) else None
        if name is None or not isinstance(callee, Function):
            return False
        if callee.scope.enclosing_class is not None and not callee.scope.calls:
            return False
        if any(name in inner.loads for inner in callee.scope.descendants()):
            return False
    return True


def is_mentioned(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether a function does more with a name from around it than to pass it to functions, now or as work for later, that
    leave it alone."""
    return any(
        not _is_given_away(ev, load, inner) for inner in scope.descendants() for load in inner.loads.get(name, ())
    )


def _is_given_away(ev: Evaluator, load: ast.Name, scope: Scope) -> bool:
    taking = call_taking(load)
    if taking is None:
        return False
    call, _ = taking
    if runs_after_response(ev, call, scope) and call.args:
        call = ast.Call(call.args[0], call.args[1:], call.keywords)
    return any(one is load and is_left_alone(ev, call, keyword, load, scope) for keyword, one in arguments_of(call))
