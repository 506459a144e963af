"""Pools that functions of the project make for their callers and keep nothing of, and callers that bind sessions to them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import bind_of
from poolint.analyses.lifetimes.destinations import target_of
from poolint.analyses.pool_limits import is_lent
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def is_bound_to(node: ast.Call, scope: Scope) -> bool:
    """Whether sessions are bound to what a call gives: who only calls methods of it has it told where it is made."""
    around = parent_of(node)
    around = parent_of(around) if isinstance(around, ast.keyword) else around
    if isinstance(around, ast.Call) and bind_of(around) is node:
        return True
    name = target_of(parent_of(node), node, scope) or ""
    return any(isinstance(parent_of(load), (ast.Call, ast.keyword)) for load in scope.loads.get(name, ()))


def is_given_away(call: ast.Call, value: ast.expr, scope: Scope) -> bool:
    """Whether a function keeps nothing of a pool that it returns: it is returned at once, or by a name that does no more."""
    name = target_of(parent_of(value), value, scope) or ""
    if not name:
        return isinstance(parent_of(value), ast.Return) and not is_lent(call)
    loads = scope.loads.get(name, ())
    plain = [isinstance(parent_of(one), (ast.Return, ast.Attribute)) for one in loads]
    return all(plain) and len(scope.bindings.get(name, ())) == 1 and not is_lent(call)
