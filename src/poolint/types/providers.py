"""What provides the value that a framework passes for a parameter: the functions behind ``Depends(…)`` and its kind."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.types.annotated import dependencies, injection, provider_in
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def providers(ev: Evaluator, parameter: Binding, scope: Scope, *, made: bool = False) -> Iterator[Function]:
    """The functions of the project whose value a framework passes for a parameter; ``scope`` is its function. ``made``: also
    the ``__init__`` of a class of which it passes an object, which gives no value, but has dependencies of its own, and what
    a dependency that a library makes depends upon."""
    for one, around in dependencies(ev, parameter, scope):
        yield from shared(ev, one, around, made=made)


def injections(ev: Evaluator, parameter: Binding, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """The markers that say what a framework passes for a parameter, each with the scope that it stands in."""
    for one, where in dependencies(ev, parameter, scope):
        if injection(ev, one, where) is not None:
            yield one, where


def provided(ev: Evaluator, marker: ast.Call, where: Scope, *, made: bool = False) -> Iterator[Function]:
    """The functions of the project that a framework calls for a marker: ``Depends(function)``, ``Depends(Manager())``; with
    ``made`` also the ``__init__`` of a class, of ``Depends(Orders)``, and what a library's depends upon."""
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
        elif made and one is UNKNOWN:
            yield from (each.provider for each in of_library(ev, marker, where))


class OfLibrary(NamedTuple):
    """A dependency that an object of a library makes: the function of the project that it depends upon itself, and where in what
    that gives the session is which it uses."""

    provider: Function
    path: str


def of_library(ev: Evaluator, marker: ast.Call, where: Scope) -> Iterator[OfLibrary]:
    """What an object of a library makes for a marker: ``Depends(users.current_user())``."""
    from poolint.types.call_sites import call_site
    from poolint.types.following import origin
    from poolint.types.made_of import passed_for_part

    row = injection(ev, marker, where)
    target = provider_in(row, marker) if row is not None else None
    if target is None or all(one is not UNKNOWN for one in alternatives(ev.type_of(target, where))):
        return  # its type says what it calls
    made, scope = origin(ev, target, where)
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute):
        return
    fact = call_site(ev, made, scope)
    part, _, path = getattr(fact.row, "dependency", "").partition(".") if fact is not None else ("", "", "")
    maker, around = origin(ev, made.func.value, scope) if part else (None, scope)
    value = passed_for_part(fact.cls, maker, part) if fact is not None and isinstance(maker, ast.Call) else None
    for one in alternatives(ev.type_of(value, around)) if value is not None else ():
        if isinstance(one, Function):
            yield OfLibrary(one, path)


def shared(ev: Evaluator, marker: ast.Call, scope: Scope, *, made: bool = False) -> Iterator[Function]:
    """The same; one whose value is not shared with other dependencies is of no interest."""
    if is_shared(ev, marker, scope):
        yield from provided(ev, marker, scope, made=made)


def is_shared(ev: Evaluator, marker: ast.Call, scope: Scope) -> bool:
    """Whether what a marker asks for is shared with the other dependencies of a request."""
    row = injection(ev, marker, scope)
    return row is not None and not any(row.unshared and one.arg == row.unshared for one in marker.keywords)
