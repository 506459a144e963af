"""Work that a call hands to a function of the project which runs it with a connection in hand: ``update(order, priced)``.

What the function holds is told in it for what it does itself. What it is handed is not seen there, and differs from caller to
caller: it is told where it is handed over.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.clientele import Clientele
from poolint.analyses.occasions import Occasions
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import is_parameter
from poolint.types.call_sites import text_of
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.edges import Edge, Link
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


class HandedWork(NamedTuple):
    """A call by which work is handed over, what runs it in the end, and what is held there."""

    call: ast.Call
    edge: Edge
    at: Link
    held: list[Hold]


def handed_work(services: Services, scope: Scope) -> Iterator[HandedWork]:
    """The work that a function hands to others which hold something as they run it, and have not been passed that by it."""
    edges, holdings = services.edges, services.holdings
    for call in scope.calls:
        for edge in edges.of_call(call, scope):
            link = next((one for one in edge.way if holdings.at(one.node, one.scope)), None) if edge.work else None
            if link is None or _is_lent(services, link, edge, scope):
                continue
            held = [one for one in holdings.at(link.node, link.scope) if not is_parameter(one.resource, link.scope)]
            if held:
                yield HandedWork(call, edge, link, held)


def is_handed_seldom(services: Services, work: HandedWork, scope: Scope) -> bool:
    """Whether who hands it over runs as the application starts, in a script or a command, or for few."""
    occasions = services.evaluator.derived(Occasions)
    is_alone = occasions.starts(scope) or occasions.ends_with_script(scope) or occasions.runs_alone(scope)
    return is_alone or services.evaluator.derived(Clientele).is_for_few(scope, work.call)


def _is_lent(services: Services, link: Link, edge: Edge, scope: Scope) -> bool:
    """Whether the work gets what is held, and may end that before it does anything else."""
    passed = call_arguments(link.node) if isinstance(link.node, ast.Call) else []
    given = {text_of(one, link.scope) for one in passed}
    if given.isdisjoint(one.resource for one in services.holdings.at(link.node, link.scope)):
        return False
    ends = services.evaluator.models.words("gives-back", "removes") | {"commit", "rollback"}
    found = alternatives(services.evaluator.type_of(edge.work, scope)) if edge.work is not None else ()
    return not all(isinstance(one, Function) and ends.isdisjoint(one.scope.called) for one in found)
