"""Sessions that a function makes for others: it yields them, passes them to what it has been given, or makes them for the block
that its object begins."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import ENTERS
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import nearest

if TYPE_CHECKING:
    from poolint.analyses.graphs import Graphs
    from poolint.syntax.scopes import Scope


def is_lent(made: ast.Call, scope: Scope) -> bool:
    """Whether a generator yields what a call has made, or a decorator passes it to what it has been given: whoever asks
    for a session uses it."""
    names = names_of(made, scope)
    if any(isinstance(one.value, ast.Name) and one.value.id in names for one in scope.yields):
        return True
    return any(
        isinstance(one, ast.Name) and one.id in names and _is_given(call, scope)
        for call in scope.calls
        for one in call_arguments(call)
    )


def is_for_block(graphs: Graphs, made: ast.expr, scope: Scope) -> bool:
    """Whether a method that enters its object gives it, or whoever enters that, what a call makes, each time: they use it."""
    cls = scope.enclosing_class
    if scope.name not in ENTERS or cls is None:
        return False
    kept = [one.value for several in cls.self_assignments.values() for one in several if one.scope is scope]
    names = {one.id for one in (*kept, *scope.returns) if isinstance(one, ast.Name)}
    is_given = any(one is not None and without_await(one) is made for one in (*kept, *scope.returns))
    return (is_given or not names.isdisjoint(names_of(made, scope))) and graphs.always_runs(made, scope)


def _is_given(call: ast.Call, scope: Scope) -> bool:
    """Whether a function calls what the function around it has been given: a decorator's wrapper."""
    if not isinstance(call.func, ast.Name) or call.func.id in scope.bindings or scope.parent is None:
        return False
    return any(one.kind == "parameter" for one in nearest(call.func.id, scope.parent))


def names_of(made: ast.expr, scope: Scope) -> set[str]:
    """The variables that a call's value is bound to."""
    return index_of(scope).names_of(made)
