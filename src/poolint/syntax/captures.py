"""Captures: what inner functions have of the function around them, by its name or as the default of a parameter."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.generator_runs import is_gone_over
from poolint.syntax.scopes import parent_of, reads_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope


def captured_by(name: str, scope: Scope) -> Iterator[Scope]:
    """The functions inside ``scope`` that have what a name of it stands for, at whatever time: by that name, or as the default of
    a parameter, ``def run(conn=conn)``."""
    yield from (inner for inner, _ in reads_of(name, scope) if inner is not scope)
    yield from (inner for inner, _ in given_by_default(name, scope))


def is_captured(name: str, scope: Scope, *, at_once: bool = True) -> bool:
    """Whether a function inside ``scope`` reads a name of it, at whatever time; without ``at_once`` only what may do so when
    ``scope`` has been left."""
    inside = (inner for inner, _ in reads_of(name, scope) if inner is not scope)
    return any(at_once or not _is_only_called_by(scope, inner) for inner in inside)


def _is_only_called_by(scope: Scope, inner: Scope) -> bool:
    """Whether ``inner`` is a function that stands in ``scope``, and all that is done with it there, or by itself, is to call it,
    if that; a coroutine is awaited on the spot, a generator gone over."""
    node = inner.node
    if inner.parent is not scope or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if node.decorator_list or inner.declared or inner.children or len(scope.bindings[inner.name]) > 1:
        return False
    for where, load in reads_of(inner.name, scope):
        call = parent_of(load)
        if where not in (scope, inner) or not isinstance(call, ast.Call) or call.func is not load:
            return False
        if inner.yields:
            if inner.is_async or not is_gone_over(call):
                return False
        elif inner.is_async and not isinstance(parent_of(call), ast.Await):
            return False
    return True


def given_by_default(name: str, scope: Scope) -> Iterator[tuple[Scope, ast.Name]]:
    """The functions that stand in ``scope`` and have what a name of it stands for as the default of a parameter, each with where
    that is read."""
    owners = [(_having_as_default(load), load) for load in scope.loads.get(name, ()) if scope.children]
    yield from ((inner, load) for inner in scope.children for owner, load in owners if owner is inner.node)


def _having_as_default(load: ast.expr) -> ast.AST | None:
    """The function that has what is read here as the default of a parameter, by itself or as one of several; None where none
    has."""
    current = parent_of(load)
    while isinstance(current, (ast.BoolOp, ast.IfExp, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred)):
        current = parent_of(current)
    return parent_of(current) if isinstance(current, ast.arguments) else None
