"""Who holds the connection already that a function holds over a wait: those that pass it a session which they have used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.waypoints import in_order, waypoint
from poolint.syntax.surroundings import call_taking
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


def held_above(services: Services, hold: Hold, scope: Scope) -> tuple[Waypoint, ...]:
    """The calls of a function that pass it what it holds, by one of its parameters, while they hold that themselves: to end
    it here is not enough for these. In the order of their places."""
    holdings, callers = services.holdings, services.evaluator.callers
    found: set[Waypoint] = set()
    for binding in scope.bindings.get(hold.resource, ()):
        if binding.kind != "parameter":
            continue
        for argument, inner, _ in callers.given(binding, scope):
            taking = call_taking(argument) if argument is not None else None
            if argument is None or taking is None:
                continue
            call, passed = taking[0], text_of(argument, inner)
            if any(one.resource == passed and one.is_sure for one in holdings.at(call, inner)):
                found.add(waypoint("held-already", call, inner.module, inner.qualified_name, passed))
    return in_order(found)
