"""Observations about dependencies that return what they have checked out: ``def get_db(): return SessionLocal()``.

A framework closes nothing that a dependency returns: it only goes on with one that yields. So what is returned is for the
endpoint to release that asks for it, or for nobody.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.holding.entry import since
from poolint.analyses.lifetimes.acquisitions import checkout, is_given_to_caller
from poolint.analyses.lifetimes.destinations import given
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.entries import parameters, routes
from poolint.models.schema import HANDLES
from poolint.models.standard import STEPPING
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.scopes import returned_as_made
from poolint.syntax.surroundings import may_await
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import Waypoint
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator

_MAX_MODULES = 80
"""Modules that are read for who depends on one function."""


class ProvidedCheckout(Observation, frozen=True, eq=False):
    """A session or connection that a dependency returns, ``node`` being what checks it out, and that the endpoint ``user``
    leaves held which asks for it."""

    call: CallSite
    cls: Class
    user: str
    path: tuple[Waypoint, ...]


def observe(holdings: Holdings, ev: Evaluator, scope: Scope) -> Iterator[ProvidedCheckout]:
    """The checkout that a function returns, where a framework gives it to an endpoint that leaves it held."""
    if scope.kind != "function" or scope.is_generator or not scope.returns or scope.enclosing_class is not None:
        return
    node = _made(scope.returns[0], scope) if len(scope.returns) == 1 else None
    if node is None or any(isinstance(one, ast.Call) for one in _made_with(node)):
        return  # nothing that is made here, or with an engine or the like of its own, which is told of as that
    if not is_given_to_caller(ev, scope):
        return
    found = checkout(ev, node, given(ev, node, scope), scope)
    if found is None or found[1].kind not in HANDLES:
        return
    fact, cls, _ = found
    for user in _users(ev, scope):
        hold = _left(holdings, scope, user)
        if hold is not None:
            path = (waypoint("checked-out", node, scope.module, fact.as_written), since(hold, user))
            yield ProvidedCheckout(
                node, scope.qualified_name, may_await(node, scope), fact, cls, user.qualified_name, path
            )
            return


def _made(value: ast.expr | None, scope: Scope) -> ast.Call | None:
    """The call that a function returns the result of."""
    node = without_await(returned_as_made(value, scope)) if value is not None else None
    return node if isinstance(node, ast.Call) else None


def _made_with(call: ast.Call) -> list[ast.expr]:
    """What a call makes something with; the first item of a generator, ``next(get_session())``, with nothing more."""
    return [] if last_name(call.func) in STEPPING else call_arguments(call)


def _left(holdings: Holdings, provider: Scope, user: Scope) -> Hold | None:
    """What a function surely leaves held of what a dependency has returned."""
    lent = holdings.lent_to(user)
    if provider not in lent.values():
        return None
    return next((one for one in holdings.left(user)[0] if one.is_sure and lent.get(one.resource) is provider), None)


def _users(ev: Evaluator, provider: Scope) -> Iterator[Scope]:
    """The endpoints that may have what a dependency returns, as far as names lead to them: of it, of what is annotated with
    it, and of dependencies that have it."""
    names, seen = [provider.name], set[str]()
    told: set[Scope] = set()
    for name in names:  # grows
        for path in sorted(ev.project.saying(name, provider.module)):
            module = ev.project.module(path)
            if module is None or len(seen) > _MAX_MODULES:
                continue
            seen.add(path)
            names += [one for one in _aliases(module, name) if one not in names]
            for scope in _depending(ev, module):
                if next(routes(ev, scope), None) is None:
                    if scope.parent is module.scope and scope.name not in names and name in _asked(scope):
                        names.append(scope.name)
                elif scope not in told:
                    told.add(scope)
                    yield scope


def _depending(ev: Evaluator, module: Module) -> Iterator[Scope]:
    """The functions of a module that have dependencies."""
    functions = (one for one in module.scope.descendants() if one.kind == "function")
    return (one for one in functions if next(parameters(ev, one), None) is not None)


def _aliases(module: Module, name: str) -> Iterator[str]:
    """The names at the top of a module that stand for what mentions another: ``Db = Annotated[Session, Depends(get_db)]``."""
    for alias, bindings in module.scope.bindings.items():
        values = (one.value for one in bindings if one.value is not None and one.kind in ("assign", "annotated"))
        if any(isinstance(node, ast.Name) and node.id == name for one in values for node in ast.walk(one)):
            yield alias


def _asked(scope: Scope) -> set[str]:
    """The names in the parameters of a function."""
    arguments = getattr(scope.node, "args", None)
    return {one.id for one in ast.walk(arguments) if isinstance(one, ast.Name)} if arguments is not None else set()


DETECTOR = Detector(
    "provided", lambda services: partial(observe, services.holdings, services.evaluator), of="functions", near=True
)
