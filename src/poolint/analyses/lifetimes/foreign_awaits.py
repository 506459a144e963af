"""Awaits in which a cancellation loses what is held: those that wait for something else than the resource itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.joined import run_in_thread
from poolint.analyses.lifetimes.unbegun import is_shared, reads_any
from poolint.flow.flags import name_of
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import with_await
from poolint.types.call_sites import call_site
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.effects import Effects
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_foreign(ev: Evaluator, foreign: Effects, awaited: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether what is awaited waits for something foreign: by itself, or by what it is to wait for, ``wait_for(get(), 5)``."""
    waits_for = ev.models.words("shields", "limits-awaited", "at-once")
    inner = awaited.args if last_name(awaited.func) in waits_for else ()
    waited = [awaited, *(one for one in inner if isinstance(one, ast.Call))]
    return any(foreign.of_call(one, scope) is not None and not _is_worked_on(ev, one, names, scope) for one in waited)


def _is_worked_on(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether it is a thread that is waited for, and that works with the resource: it may still give that back. It is passed it,
    or something that leads to it, or its function may read that from the one around it."""
    if run_in_thread(ev.models, call) is None:
        return False
    names |= _leading_to(ev, names, scope)
    return reads_any(call, names) or is_shared(names, scope)


def _leading_to(ev: Evaluator, names: frozenset[str], scope: Scope) -> frozenset[str]:
    """The names of what methods of a resource give, which may lead back to it: ``tx = conn.begin()``."""
    found: set[str] = set()
    for call in scope.calls:
        if isinstance(call.func, ast.Attribute) and name_of(call.func.value) in names:
            targets = _targets(with_await(call))
            if targets and not _gives_data(ev, call, scope):
                found.update(filter(None, map(name_of, targets)))
    return frozenset(found)


def _gives_data(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a method asks a database for something, and gives what has been read: that does not lead to a connection."""
    fact = call_site(ev, call, scope)
    if fact is None or fact.role not in REACHING_ROLES:
        return False
    given = alternatives(ev.type_of(with_await(call), scope))
    bases = [one.base for one in given if isinstance(one, Instance)]
    return all(one is None or one.kind == "result" for one in bases)


def _targets(value: ast.expr) -> list[ast.expr]:
    """What an expression is bound to as a whole, also by a block."""
    around = parent_of(value)
    if isinstance(around, ast.Assign):
        return around.targets
    if isinstance(around, ast.withitem):
        return [around.optional_vars] if around.optional_vars is not None else []
    return [around.target] if isinstance(around, (ast.AnnAssign, ast.NamedExpr)) else []
