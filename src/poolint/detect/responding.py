"""What a request still holds when its endpoint has returned: sessions of dependencies that end after the response.

Where a framework ends dependencies before it sends the response, nothing is held then.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.entry import since
from poolint.analyses.responses import is_given_back, only
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.detector import Detector
from poolint.detect.little_harm import does_little_harm
from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.detect.written import is_written
from poolint.frameworks.hooks import runs_after_response
from poolint.frameworks.requests import lent
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import call_taking, may_await
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Held(NamedTuple):
    """A connection that is held after the response: by what, as written, and where it was taken."""

    resource: str
    taken: Waypoint


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The background tasks of ``scope`` that wait for something while a session of the request holds a connection; that one
    sends something is of interest only where the request has written."""
    holdings = services.holdings
    for node in scope.calls:
        for function, hold in run_while_kept(services.evaluator, holdings, node, scope):
            witness = services.slow_at_first.of_function(function) or services.slow.of_function(function)
            if witness is None or (witness.effect == "queue" and not is_written(services, hold, node, scope)):
                continue
            taken, later = since(hold, scope), after_response(node, function, scope)
            yield CallWhileHeld(
                node,
                scope.qualified_name,
                may_await(node, scope),
                hold.resource,
                "",
                taken,
                (function.name, *(link.name for link in witness.links)),
                witness.effect,
                (taken, later, *calls_of(witness)),
                is_possible=does_little_harm(services, [hold], witness, node, scope),
            )
            break


def run_while_kept(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Iterator[tuple[Scope, Hold]]:
    """The functions of the project that a call lets run after the response, each with what the request keeps until they have
    ended, and that they are not passed: that a session is handed on is reported by itself."""
    if not node.args or not runs_after_response(ev, node, scope):
        return
    passed = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    for one in alternatives(ev.type_of(node.args[0], scope)):
        if isinstance(one, Function):
            for hold in kept_after_response(ev, holdings, node, scope):
                if hold.resource not in passed:
                    yield one.scope, hold


def after_response(node: ast.Call, function: Scope, scope: Scope) -> Waypoint:
    """The step of a path at which a function is let run after the response."""
    return waypoint("runs-after-response", node, scope.module, function.name)


def kept_after_response(ev: Evaluator, holdings: Holdings, node: ast.AST, scope: Scope) -> Iterator[Hold]:
    """What is held when ``node`` is reached, and still is when the response of the endpoint ``scope`` is sent: an exception is
    answered otherwise, and nothing is run after that."""
    left = {one.resource for one in holdings.left(scope)[0]}
    found = [one for one in holdings.at(node, scope) if one.resource in left] if left else []
    for hold in found if found and holdings.may_return_after(node, scope) else ():
        if set(lent(ev, hold.resource, scope)) == {"after-response"}:
            yield hold


def held_after_response(ev: Evaluator, holdings: Holdings, node: ast.AST, scope: Scope) -> Iterator[Held]:
    """The same, with the places where it was taken."""
    yield from (Held(one.resource, since(one, scope)) for one in kept_after_response(ev, holdings, node, scope))


def held_by_endpoints(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Iterator[Held]:
    """The same of a helper that makes the response at ``node``: the session that an endpoint passes it, and gives back at once
    what it gets. What the endpoint has used itself is told there."""
    if not is_given_back(node, scope):
        return
    left = {one.resource for one in holdings.left(scope)[0]}
    for hold in holdings.at(node, scope):
        if hold.resource in left and _is_lent_through(ev, holdings, hold.resource, scope):
            yield Held(hold.resource, since(hold, scope))


def _is_lent_through(ev: Evaluator, holdings: Holdings, name: str, scope: Scope, steps: int = 3) -> bool:
    """Whether an endpoint whose session ends after the response passes it for a parameter of a helper, itself or by others."""
    binding = only(name, scope)
    if binding is None or binding.kind != "parameter" or not steps:
        return False
    ends = ev.models.words("gives-back", "removes") | {"commit", "rollback"}
    for argument, inner, _ in ev.callers.given(binding, scope):
        taking = call_taking(argument) if isinstance(argument, ast.Name) else None
        if not isinstance(argument, ast.Name) or taking is None or not _is_returned(taking[0]):
            continue
        call, _ = taking
        uses = (parent_of(load) for _, load in reads_of(argument.id, inner))
        if any(isinstance(one, ast.Attribute) and one.attr in ends for one in uses):
            continue
        if any(one.resource == argument.id for one in held_after_response(ev, holdings, call, inner)):
            continue
        if set(lent(ev, argument.id, inner)) == {"after-response"}:
            return True
        if _is_lent_through(ev, holdings, argument.id, inner, steps - 1):
            return True
    return False


def _is_returned(call: ast.Call) -> bool:
    parent = parent_of(call)
    return isinstance(parent_of(parent) if isinstance(parent, ast.Await) else parent, ast.Return)


DETECTOR = Detector(
    "responding",
    lambda services: partial(observe, services),
)
