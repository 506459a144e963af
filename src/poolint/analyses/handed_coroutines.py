"""What plain functions hand to their callers unawaited: ``def close(conn): return conn.close()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.edges import Link
from poolint.analyses.effects import Witness
from poolint.analyses.sinks import database_sink
from poolint.syntax.scopes import parent_of
from poolint.syntax.uses import Use, usage
from poolint.types.call_sites import call_site
from poolint.types.values import Function, Pending

if TYPE_CHECKING:
    from poolint.models.schema import Call
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator

NEEDS_AWAIT: frozenset[Call] = frozenset({"coroutine", "awaitable-cm", "async-cm"})
"""Kinds of calls that do nothing before what they give is awaited or entered."""


def handed(ev: Evaluator, function: Scope) -> Witness | None:
    """The chain of calls from a plain function to the coroutine that it returns, which works on a database; None where it
    returns anything else on some way."""
    found = _returned(ev, function)
    works_on_database = database_sink(ev.models)
    if found is None or not all(
        one.row.call == "coroutine" and works_on_database(one) for one in found.facts if one.row
    ):
        return None
    return Witness((*found.links, Link(found.facts[0].node, found.scope, found.facts[0].api)), "database")


def lent_unbegun(ev: Evaluator, function: Scope) -> CallSite | None:
    """The checkout that a plain function hands to its caller before it has begun; None where it returns anything else on some
    way."""
    found = _returned(ev, function)
    if found is None:
        return None
    is_unbegun = all(one.role == "checkout" and one.row and one.row.call in NEEDS_AWAIT for one in found.facts)
    return found.facts[0] if is_unbegun else None


class _Returned(NamedTuple):
    """The calls of a library, in ``scope``, of which a function returns what they give; ``links`` lead there."""

    links: tuple[Link, ...]
    scope: Scope
    facts: tuple[CallSite, ...]


def _returned(ev: Evaluator, function: Scope) -> _Returned | None:
    """What a plain function returns on all ways.

    It may be what another such function returns: each is looked at once, so those that call each other hand on nothing.
    """
    links: list[Link] = []
    seen: set[Scope] = set()
    current: Scope | None = function
    while current is not None and current not in seen and _hands_on(current):
        seen.add(current)
        made = [value for value in current.returns if isinstance(value, ast.Call)]
        if not made or len(made) < len(current.returns):
            return None
        facts = [call_site(ev, one, current, use_evidence=False) for one in made]
        told = tuple(one for one in facts if one is not None and one.row is not None)
        if len(told) == len(facts):
            return _Returned(tuple(links), current, told)
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
