"""What is passed to a callable of which only the declaration is known: it is lent, where who passes it gives it back later."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, OWNERS
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import block_of, is_inside, tries_around
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import CallableValue

if TYPE_CHECKING:
    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def fate_of(
    ownership: Ownership, call: ast.Call, argument: ast.expr, names: frozenset[str], scope: Scope, cls: Class
) -> Fate:
    """What a call does with the resource that it is passed, which these names hold: see :meth:`Ownership.fate`."""
    keyword = next((one.arg for one in call.keywords if one.value is argument), None)
    fate = ownership.fate(call, argument, scope, cls, keyword)
    is_lent = fate is Fate.KEPT and cls.kind not in OWNERS and _is_lent(ownership.ev, call, names, scope)
    return Fate.USED if is_lent else fate


def _is_lent(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    callees = callees_of(ev, call, scope)
    if not all(isinstance(one, CallableValue) and one.runs is None for one in callees):
        return False
    return any(_gives_back(ev, one, names, scope) and _comes_after(one, call, scope) for one in scope.calls)


def _gives_back(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether a call is a release of what one of these names holds, by a method of it or of its pool."""
    if not isinstance(call.func, ast.Attribute):
        return False
    given = (call.func.value, *call.args)
    fact = call_site(ev, call, scope) if any(name_of(one) in names for one in given) else None
    return fact is not None and fact.role in CLOSING_ROLES


def _comes_after(release: ast.Call, call: ast.Call, scope: Scope) -> bool:
    """Whether a release follows a call whatever that gives: in a `finally` around it, or further down in a block around it."""
    if any(is_inside(release, last) for one in tries_around(call, scope) for last in one.finalbody):
        return True
    statement = statement_of(release)
    block, current = block_of(statement), parent_of(call)
    while current is not None and current is not scope.node:
        if isinstance(current, ast.stmt) and current in block:
            return block.index(current) < block.index(statement)
        current = parent_of(current)
    return False
