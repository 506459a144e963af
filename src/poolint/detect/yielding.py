"""What a generator of a response holds itself while it yields: each `yield` there waits for the client."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.entry import since
from poolint.analyses.waypoints import waypoint
from poolint.syntax.surroundings import loops_around
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Holdings
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
    """What a generator holds of its own while it yields one thing after the other, though it needs it for none of them."""
    for node in generator.yields:
        if not _yields_on(ev, node, generator, (generator,)):
            continue
        for hold in holdings.at(node, generator):
            root = hold.resource.partition(".")[0]
            own = generator.bindings.get(root, ())
            if own and all(one.kind in ("with", "assign", "annotated") for one in own):
                over = waypoint("yields", node, generator.module, hold.resource)
                return Held(hold.resource, since(hold, generator), over, node)
    return None


def _yields_on(ev: Evaluator, node: ast.expr, generator: Scope, within: tuple[Scope, ...]) -> bool:
    """Whether a `yield` gives one thing after the other, for none of which a connection is needed: in a loop, or as it hands on
    what it is given, by a generator of the project or from a list."""
    loops = loops_around(node)
    if any(_is_open(ev, one, generator) for one in loops):
        return False
    if not isinstance(node, ast.YieldFrom):
        return bool(loops)
    if _is_read_as_it_goes(ev, node.value, generator):
        return False
    found = callees_of(ev, node.value, generator) if isinstance(node.value, ast.Call) else ()
    inner = [one.scope for one in found if isinstance(one, Function) and one.scope.is_generator]
    parts = [(each, one) for one in inner if one not in within for each in one.yields]
    return not inner or any(_yields_on(ev, each, one, (*within, one)) for each, one in parts)


def _is_open(ev: Evaluator, loop: ast.AST, generator: Scope) -> bool:
    """Whether a loop goes over what is read from the connection while it runs: rows that may be too many to have at once."""
    if not isinstance(loop, (ast.For, ast.AsyncFor)):
        return False
    return _is_read_as_it_goes(ev, loop.iter, generator) or (
        isinstance(loop, ast.AsyncFor) and isinstance(loop.iter, ast.Call) and _is_streaming(ev, loop.iter, generator)
    )


def _is_read_as_it_goes(ev: Evaluator, items: ast.expr, generator: Scope) -> bool:
    for one in alternatives(ev.type_of(items, generator)):
        base = one.base if isinstance(one, Instance) else None
        if base is not None and base.kind in ("cursor", "result") and (base.kind == "cursor" or base.mode == "async"):
            return True
    return False


def _is_streaming(ev: Evaluator, call: ast.Call, generator: Scope) -> bool:
    fact = call_site(ev, call, generator)
    return fact is None or fact.role in ("stream", "cursor", "query")
