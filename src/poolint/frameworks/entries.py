"""What a web framework does with the code: which functions it calls, and what it passes to them.

Dependencies are found by their markers (``Depends``), in defaults and in ``Annotated``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.frameworks.hooks import decorating, runs
from poolint.frameworks.routers import Routers
from poolint.types.providers import OfLibrary, injections, is_shared, of_library, providers, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Function


class Required(NamedTuple):
    """What is run before an endpoint for its sake alone: the ``provider``, the ``marker`` that asks for it and the scope that
    this stands in, and ``at`` what of the endpoint."""

    provider: Function
    marker: ast.Call
    where: Scope
    at: ast.Call


def is_entry(ev: Evaluator, function: Scope) -> bool:
    """Whether a framework calls a function, for each request or task: nobody of the project ends what it has begun."""
    return runs(ev, function, "request", "task")


def routes(ev: Evaluator, function: Scope) -> Iterator[ast.Call]:
    """The decorators that make a function an endpoint: ``@router.get("/orders")``."""
    for hook, one in decorating(ev, function):
        if hook.runs == "request" and isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            yield one
            return


def parameters(ev: Evaluator, scope: Scope) -> Iterator[tuple[str, ast.arg, Function]]:
    """The parameters of a function that a framework passes, each with what provides its value, or makes the object."""
    for name, bindings in scope.bindings.items():
        for binding in bindings:
            if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
                for one in providers(ev, binding, scope, made=True):
                    yield name, binding.node, one


def made_by_libraries(ev: Evaluator, scope: Scope) -> Iterator[OfLibrary]:
    """The dependencies of a function that objects of libraries make, those that nothing is shared with aside."""
    for bindings in scope.bindings.values():
        for binding in bindings:
            for marker, where in injections(ev, binding, scope) if binding.kind == "parameter" else ():
                if is_shared(ev, marker, where):
                    yield from of_library(ev, marker, where)


def in_order(ev: Evaluator, dependency: Scope, done: set[Scope]) -> Iterator[Scope]:
    """A dependency after those that it has itself, but for those ``done``: within a request each of them runs once."""
    waiting = [(dependency, iter([one.scope for _, _, one in parameters(ev, dependency)]))]
    begun = {dependency, *done}
    while dependency not in done:
        function, rest = waiting[-1]
        following = next((one for one in rest if one not in begun), None)
        if following is not None:
            begun.add(following)
            waiting.append((following, iter([one.scope for _, _, one in parameters(ev, following)])))
            continue
        waiting.pop()
        done.add(function)
        yield function


def required(ev: Evaluator, route: ast.Call, scope: Scope) -> Iterator[Required]:
    """What is run before an endpoint for its sake alone: ``dependencies=[Depends(…)]`` of the application, of the routers
    that it is reached by, where they are made or taken in, and of its route.

    Who takes in a router that is made in another file than the endpoint is not asked: the screen passes over such a file
    where nothing else in it has to do with a database.
    """
    around = ev.derived(Routers).around(route.func.value, scope) if isinstance(route.func, ast.Attribute) else []
    if around and around[-1][1].module is scope.module:
        for call, where in around:
            for marker, one in _listed(ev, call, where):
                yield Required(one, marker, where, route)
    for marker, one in _listed(ev, route, scope):
        yield Required(one, marker, scope, marker)


def _listed(ev: Evaluator, call: ast.Call, scope: Scope) -> Iterator[tuple[ast.Call, Function]]:
    listing = {one.required for one in ev.models.injections.values()} - {""}
    for keyword in call.keywords:
        if keyword.arg in listing and isinstance(keyword.value, (ast.List, ast.Tuple)):
            for one in keyword.value.elts:
                if isinstance(one, ast.Call):
                    for provider in shared(ev, one, scope, made=True):
                        yield one, provider
