"""Whether a connection was opened by itself, outside of any pool: who holds it keeps nobody else waiting."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.call_sites import call_site
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator

_TAKES = frozenset({"checkout", "open"})
_MAX_DEPTH = 4
"""Helpers inside each other, down to the one that opens the connection."""


def is_direct(fact: CallSite) -> bool:
    """Whether a call opens a connection of its own: ``asyncpg.connect(…)``, ``AsyncConnection.connect(…)``."""
    return fact.role in _TAKES and (fact.cls is None or fact.cls.kind == "connection")


def opens_directly(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """The same of what a ``with`` enters, also where a function of the project opens it."""
    call = node.value if isinstance(node, ast.Await) else node
    return isinstance(call, ast.Call) and _origins(ev, call, scope, 0) == {True}


def _origins(ev: Evaluator, call: ast.Call, scope: Scope, depth: int) -> set[bool]:
    """For each connection that a call may take, itself or in functions of the project, whether it is opened directly."""
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is not None and fact.row is not None:
        return {is_direct(fact)} if fact.role in _TAKES else set()
    found: set[bool] = set()
    if depth < _MAX_DEPTH:
        for one in alternatives(ev.type_of(call.func, scope)):
            if isinstance(one, Function):
                for inner in one.scope.calls:
                    found |= _origins(ev, inner, one.scope, depth + 1)
    return found
