"""What objects of the project take for the block that they are entered for: by a checkout, or by entering one by hand."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.given_sessions import resource_class
from poolint.analyses.holding.transactions import taken_as_entered
from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.destinations import given
from poolint.flow.flags import name_of
from poolint.models.standard import ENTERS
from poolint.syntax.scopes import parent_of
from poolint.types.following import origin

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_MEMBERS: frozenset[Passage] = frozenset({"attribute"})


def may_take_for_block(scope: Scope) -> bool:
    """Whether a function runs as an object is entered: it is what enters that, or a method that this calls on it, or what makes
    an object that is entered on the spot."""
    owner = scope.enclosing_class
    if owner is None or scope.name in ENTERS:
        return owner is not None
    if scope.name == "__init__":
        return any(one.name in ENTERS for one in owner.children)
    return any(
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self"
        for one in owner.children
        if one.name in ENTERS
        for call in one.calls_of(scope.name)
    )


def taken_for_block(ev: Evaluator, call: ast.Call, scope: Scope) -> tuple[str, Class] | None:
    """What an object checks out for the block that it is entered for, and its place: ``self.conn = await pool.acquire()``."""
    value = given(ev, call, scope)
    parent = parent_of(value)
    place = name_of(parent.targets[0]) if isinstance(parent, ast.Assign) else ""
    if not place.startswith("self."):
        return None
    taken = checkout(ev, call, value, scope)
    cls = taken[1] if taken is not None and not taken[0].is_direct else _entered_by_hand(ev, call, value, scope)
    return (place, cls) if cls is not None and cls.kind == "connection" and not cls.embedded else None


def _entered_by_hand(ev: Evaluator, call: ast.Call, value: ast.expr, scope: Scope) -> Class | None:
    """The class of what a call gives that enters a checkout as a block would: ``await self._lent.__aenter__()``."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ENTERS:
        return None
    made = origin(ev, call.func.value, scope, _MEMBERS)
    is_taken = isinstance(made.node, ast.Call) and taken_as_entered(ev, made.node, made.scope)
    return resource_class(ev.type_of(value, scope)) if is_taken else None
