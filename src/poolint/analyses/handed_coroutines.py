"""Coroutines that plain functions hand to their callers unawaited: ``def close(conn): return conn.close()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.edges import Link
from poolint.analyses.effects import Witness
from poolint.analyses.sinks import database_sink
from poolint.syntax.scopes import parent_of
from poolint.syntax.uses import Use, usage
from poolint.types.call_sites import call_site
from poolint.types.values import Function, Pending

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def handed(ev: Evaluator, function: Scope) -> Witness | None:
    """The chain of calls from a plain function to the coroutine that it returns, which works on a database; None where it
    returns anything else on some way.

    What it returns may be what another such function returns: each is looked at once, so those that call each other
    hand on nothing.
    """
    links: list[Link] = []
    works_on_database = database_sink(ev.models)
    seen: set[Scope] = set()
    current: Scope | None = function
    while current is not None and current not in seen and _hands_on(current):
        seen.add(current)
        made = [value for value in current.returns if isinstance(value, ast.Call)]
        if not made or len(made) < len(current.returns):
            return None
        facts = [call_site(ev, one, current, use_evidence=False) for one in made]
        if all(one is not None and one.row is not None for one in facts):
            works = all(
                fact is not None and fact.row is not None and fact.row.call == "coroutine" and works_on_database(fact)
                for fact in facts
            )
            first = facts[0]
            assert first is not None
            return Witness((*links, Link(made[0], current, first.api)), "database") if works else None
        below = ev.type_of(made[0].func, current) if len(made) == 1 else None
        if not isinstance(below, Function):
            return None
        links.append(Link(made[0], current, below.scope.qualified_name))
        current = below.scope
    return None


def _hands_on(function: Scope) -> bool:
    """Whether a call of a function runs its body, up to a ``return`` at its end."""
    node = function.node
    is_plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and not function.is_generator
    return is_plain and isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return)


def never_begins(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives a coroutine with which nothing is done, so that nothing of it ever runs."""
    if isinstance(parent_of(call), ast.Await) or usage(call, scope).use is not Use.DROPPED:
        return False
    given = ev.type_of(call, scope)
    return isinstance(given, Pending) and given.call == "coroutine"


def is_dropped_at_once(call: ast.Call, scope: Scope) -> bool:
    """Whether a call stands as a statement where somebody could await it."""
    return isinstance(parent_of(call), ast.Expr) and scope.is_async
