"""What provides the value that a framework passes for a parameter: the functions behind ``Depends(…)`` and its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.types.annotated import dependencies, injection, provider_in
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def providers(ev: Evaluator, parameter: Binding, scope: Scope, *, made: bool = False) -> Iterator[Function]:
    """The functions of the project whose value a framework passes for a parameter; ``scope`` is its function. ``made``: also
    the ``__init__`` of a class of which it passes an object, which gives no value, but has dependencies of its own."""
    for one, around in dependencies(ev, parameter, scope):
        yield from shared(ev, one, around, made=made)


def injections(ev: Evaluator, parameter: Binding, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """The markers that say what a framework passes for a parameter, each with the scope that it stands in."""
    for one, where in dependencies(ev, parameter, scope):
        if injection(ev, one, where) is not None:
            yield one, where


def provided(ev: Evaluator, marker: ast.Call, where: Scope, *, made: bool = False) -> Iterator[Function]:
    """The functions of the project that a framework calls for a marker: ``Depends(function)``, ``Depends(Manager())``; with
    ``made`` also the ``__init__`` of a class, of ``Depends(Orders)``."""
    row = injection(ev, marker, where)
    target = provider_in(row, marker) if row is not None else None
    for one in alternatives(ev.type_of(target, where)) if target is not None else ():
        called = one
        if isinstance(one, Instance):
            called = ev.type_of_member(one, "__call__")
        elif made and isinstance(one, ClassObject) and one.cls is not one.base:
            called = ev.type_of_member(one.instance(), "__init__")
        if isinstance(called, Function):
            yield called


def shared(ev: Evaluator, marker: ast.Call, scope: Scope, *, made: bool = False) -> Iterator[Function]:
    """The same; one whose value is not shared with other dependencies is of no interest."""
    row = injection(ev, marker, scope)
    if row is not None and not any(row.unshared and one.arg == row.unshared for one in marker.keywords):
        yield from provided(ev, marker, scope, made=made)
