"""Functions inside others: whether one runs only while the function around it does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, reads_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def runs_within(inner: Scope, scope: Scope) -> bool:
    """Whether a function inside ``scope`` runs only while that does: it is called by its name, a coroutine awaited at once, there
    or in functions that run so in turn; and nobody gets it in another way."""
    met, waiting = {scope, inner}, [inner]
    while waiting:
        one = waiting.pop()
        around = one.parent
        if one.kind != "function" or one.is_generator or around is None or getattr(one.node, "decorator_list", None):
            return False
        if len(around.bindings.get(one.name, ())) != 1:
            return False
        reads = list(reads_of(one.name, around))
        if not all(_is_run(load, one) for _, load in reads):
            return False
        further = {around, *(where for where, _ in reads)} - met
        met |= further
        waiting += further
    return True


def _is_run(load: ast.expr, function: Scope) -> bool:
    """Whether a function is called where its name is read, and its coroutine awaited."""
    call = parent_of(load)
    if not isinstance(call, ast.Call) or call.func is not load:
        return False
    return not function.is_async or isinstance(parent_of(call), ast.Await)
