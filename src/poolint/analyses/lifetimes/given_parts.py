"""Parts of a resource that are given away: to something unknown a database, which keeps the client that it is of,
``register(client.shop)``; to a function what is synchronous of a connection, ``connection.run_sync(work)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding import root_of
from poolint.analyses.lifetimes.greenlets import keeps_or_ends
from poolint.analyses.ownership import Fate
from poolint.flow.flags import name_of
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import assigned
from poolint.types.call_sites import callees_of
from poolint.types.values import UNKNOWN, Instance, LibraryName, alternatives

if TYPE_CHECKING:
    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def gives_a_part(ownership: Ownership, call: ast.Call, names: frozenset[str], scope: Scope, cls: Class) -> bool:
    """Whether a call passes a part of what has one of these names to a function of which nothing is known, and which would keep
    the whole, if it were passed that; or to one of the project that keeps it, or ends it."""
    ev = ownership.ev
    if keeps_or_ends(ev, ownership, call, scope, cls):
        root = root_of(call)
        return root is not None and name_of(root) in names
    if cls.kind != "client":
        return False
    parts = [one for one in call_arguments(call) if _is_part(ev, one, names, scope, cls)]
    if not parts or not all(one is UNKNOWN or isinstance(one, LibraryName) for one in callees_of(ev, call, scope)):
        return False
    return ownership.fate(call, parts[0], scope, cls, None) is Fate.KEPT


def _is_part(ev: Evaluator, node: ast.expr, names: frozenset[str], scope: Scope, cls: Class) -> bool:
    """Whether an expression is asked of what has one of these names, and gives what has that as its member."""
    made = assigned(node.id, scope) or node if isinstance(node, ast.Name) else node
    root = made
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call)) and name_of(root) not in names:
        root = root.func if isinstance(root, ast.Call) else root.value
    if root is made or name_of(root) not in names:
        return False
    found = alternatives(ev.type_of(node, scope))
    return all(isinstance(one, Instance) and one.base is not None and keeps(ev, one.base, cls) for one in found)


def keeps(ev: Evaluator, part: Class, whole: Class, seen: frozenset[str] = frozenset()) -> bool:
    """Whether objects of a class have one of another, themselves or by what they have."""
    members = (ev.models.classes.get(one) for one in part.attributes.values() if one)
    seen |= {part.name}
    return any(
        one is whole or (one is not None and one.name not in seen and keeps(ev, one, whole, seen)) for one in members
    )
