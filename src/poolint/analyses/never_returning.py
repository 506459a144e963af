"""Functions of a project that never return to who calls them, and those that are never begun for it: a framework runs what
provides their parameters first."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.frameworks.entries import parameters, required, routes
from poolint.syntax.nodes import walk
from poolint.types.overrides import Heirs, says_not_implemented

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def never_returns(ev: Evaluator, function: Scope) -> bool:
    """Whether a function says so, or comes to its end by raising something, wherever it is called."""
    returns = getattr(function.node, "returns", None)
    name = returns.attr if isinstance(returns, ast.Attribute) else getattr(returns, "id", "")
    return name in ("NoReturn", "Never") or _ends_in_raise(ev, function)


def _ends_in_raise(ev: Evaluator, function: Scope) -> bool:
    body = getattr(function.node, "body", None)
    last = body[-1] if isinstance(body, list) else None
    if not isinstance(last, ast.Raise) or function.is_generator or any(map(_is_return, walk(function.node))):
        return False
    around = function.parent
    if around is None or len(around.bindings.get(function.name, ())) > 1:
        return False  # it may stand in for one that is not installed
    if says_not_implemented(last):
        return False
    return function.enclosing_class is None or not ev.derived(Heirs).is_overridden(function)


def _is_return(node: ast.AST) -> bool:
    return isinstance(node, ast.Return)


def is_never_begun(ev: Evaluator, function: Scope, around: frozenset[Scope] = frozenset()) -> bool:
    """Whether a framework that calls a function asks something first that never returns, and that no application of the
    project replaces."""
    known = around | {function}
    asked = [one.scope for _, _, one in parameters(ev, function)]
    for route in routes(ev, function):
        asked += [one.provider.scope for one in required(ev, route, function.parent or function)]
    return any(
        (never_returns(ev, one) and not _may_be_replaced(ev, one)) or is_never_begun(ev, one, known)
        for one in asked
        if one not in known
    )


def _may_be_replaced(ev: Evaluator, provider: Scope) -> bool:
    saying = ev.project.saying
    replacing = {one.replaced for one in ev.models.injections.values()} - {""}
    return any(saying(one, provider.module) for one in sorted(replacing))
