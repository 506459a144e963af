"""What a generator of a response holds itself while it yields: each `yield` there waits for the client."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.entry import since
from poolint.analyses.waypoints import waypoint
from poolint.syntax.surroundings import loops_around
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Held(NamedTuple):
    """A connection that a generator has taken: by what, as written, where, and the `yield` that it is held over."""

    resource: str
    taken: Waypoint
    over: Waypoint
    node: ast.Yield | ast.YieldFrom


def held_over_yields(ev: Evaluator, holdings: Holdings, generator: Scope) -> Held | None:
    """What a generator holds of its own while it yields one thing after the other."""
    for node in generator.yields:
        if not _yields_on(ev, node, generator, (generator,)):
            continue
        for hold in holdings.at(node, generator):
            if _is_its_own(holdings, hold, generator):
                over = waypoint("yields", node, generator.module, hold.resource)
                return Held(hold.resource, since(hold, generator), over, node)
    return None


def _is_its_own(holdings: Holdings, hold: Hold, generator: Scope) -> bool:
    """Whether what is held is the generator's own, or the session of a registry of the project that it works with: that one is
    passed to nobody, and is told where it is used."""
    root = hold.resource.partition(".")[0]
    own = generator.bindings.get(root, ())
    if own:
        # Or it comes from a generator that it goes over, `async for session in get_session():`.
        return all(one.kind in ("with", "assign", "annotated", "for") for one in own)
    registry = holdings.objects.registry(hold.resource, generator)
    return registry is not None and bool(registry.module)


def _yields_on(ev: Evaluator, node: ast.expr, generator: Scope, within: tuple[Scope, ...]) -> bool:
    """Whether a `yield` gives one thing after the other: in a loop, or as it hands on what it is given, by a generator of the
    project, from a list, or from a cursor."""
    if not isinstance(node, ast.YieldFrom):
        return bool(loops_around(node))
    found = callees_of(ev, node.value, generator) if isinstance(node.value, ast.Call) else ()
    inner = [one.scope for one in found if isinstance(one, Function) and one.scope.is_generator]
    parts = [(each, one) for one in inner if one not in within for each in one.yields]
    return not inner or any(_yields_on(ev, each, one, (*within, one)) for each, one in parts)
