"""Functions inside others: whether one runs only while the function around it does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, reads_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def runs_within(inner: Scope, scope: Scope, seen: frozenset[Scope] = frozenset()) -> bool:
    """Whether a function inside ``scope`` runs only while that does: it is called by its name, a coroutine awaited at once, there
    or in functions that run so in turn, of which these have been ``seen``; and nobody gets it in another way."""
    around, seen = inner.parent, seen | {inner}
    if inner.kind != "function" or inner.is_generator or around is None or getattr(inner.node, "decorator_list", None):
        return False
    if len(around.bindings[inner.name]) != 1 or not (
        around is scope or around in seen or runs_within(around, scope, seen)
    ):
        return False
    return all(
        _is_run(load, inner) and (where is around or where in seen or runs_within(where, around, seen))
        for where, load in reads_of(inner.name, around)
    )


def _is_run(load: ast.expr, function: Scope) -> bool:
    """Whether a function is called where its name is read, and its coroutine awaited."""
    call = parent_of(load)
    if not isinstance(call, ast.Call) or call.func is not load:
        return False
    return not function.is_async or isinstance(parent_of(call), ast.Await)
