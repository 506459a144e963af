"""What a web framework does with the code: which functions it calls, and what it passes to them.

FastAPI's dependencies, by their markers (``Depends``, ``Security``), in defaults and in ``Annotated``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import DEPENDS
from poolint.syntax.scopes import nearest
from poolint.types.annotated import dependencies
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

ROUTES = frozenset(
    {"route", "api_route", "get", "post", "put", "patch", "delete", "head", "options", "websocket", "websocket_route"}
)
"""Decorators of endpoints, which are methods of an application or a router."""

_ENTRY = ROUTES | {"task", "shared_task", "view_config"}
"""Decorators of functions that a framework calls."""


def is_entry(function: Scope) -> bool:
    """Whether a framework calls a function, for each request or task: nobody of the project ends what it has begun."""
    return any(last_name(_made_by(one)) in _ENTRY for one in _decorators(function))


def is_flow(function: Scope) -> bool:
    """Whether a function is a flow: a worker that lives on runs it again and again."""
    return any(last_name(_made_by(one)) == "flow" for one in _decorators(function))


def routes(function: Scope) -> Iterator[ast.Call]:
    """The decorators that make a function an endpoint: ``@router.get("/orders")``."""
    for one in _decorators(function):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in ROUTES:
            yield one


def providers(ev: Evaluator, parameter: Binding, scope: Scope) -> Iterator[Function]:
    """The functions of the project whose value a framework passes for a parameter; ``scope`` is its function."""
    for one, around in dependencies(ev, parameter, scope):
        yield from _provider(ev, one, around)


def injections(ev: Evaluator, parameter: Binding, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """The markers that say what a framework passes for a parameter, each with the scope that it stands in."""
    for one, where in dependencies(ev, parameter, scope):
        if _is_marker(ev, one, where):
            yield one, where


def provided(ev: Evaluator, marker: ast.Call, where: Scope) -> Iterator[Function]:
    """The functions of the project that a framework calls for a marker: ``Depends(function)``."""
    named = next((one.value for one in marker.keywords if one.arg == "dependency"), None)
    target = marker.args[0] if marker.args else named
    for one in alternatives(ev.type_of(target, where)) if target is not None else ():
        if isinstance(one, Function):
            yield one


def parameters(ev: Evaluator, scope: Scope) -> Iterator[tuple[str, ast.arg, Function]]:
    """The parameters of a function that a framework passes, each with what provides its value."""
    for name, bindings in scope.bindings.items():
        for binding in bindings:
            if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
                for one in providers(ev, binding, scope):
                    yield name, binding.node, one


def required(ev: Evaluator, route: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, Function]]:
    """What is run before an endpoint for its sake alone: ``dependencies=[Depends(…)]`` of its route or its router."""
    yield from _listed(ev, route, scope)
    router = route.func.value if isinstance(route.func, ast.Attribute) else None
    if isinstance(router, ast.Name):
        for binding in nearest(router.id, scope):
            if isinstance(binding.value, ast.Call):
                for _, one in _listed(ev, binding.value, scope.module.scope):
                    yield route, one


def _listed(ev: Evaluator, call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, Function]]:
    for keyword in call.keywords:
        if keyword.arg == "dependencies" and isinstance(keyword.value, (ast.List, ast.Tuple)):
            for one in keyword.value.elts:
                if isinstance(one, ast.Call):
                    for provider in _provider(ev, one, scope):
                        yield one, provider


def _provider(ev: Evaluator, marker: ast.Call, scope: Scope) -> Iterator[Function]:
    """The function in ``Depends(function)``; one that is not shared with other dependencies is of no interest."""
    is_shared = not any(one.arg == "use_cache" for one in marker.keywords)
    return provided(ev, marker, scope) if is_shared and _is_marker(ev, marker, scope) else iter(())


def _is_marker(ev: Evaluator, call: ast.Call, where: Scope) -> bool:
    return ev.qualified_name(ev.type_of(call.func, where)) in DEPENDS


def _decorators(function: Scope) -> list[ast.expr]:
    return getattr(function.node, "decorator_list", [])


def _made_by(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator
