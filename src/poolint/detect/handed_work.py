"""Work that a call hands to a function of the project which runs it with a connection in hand: ``update(order, priced)``.

What the function holds is told in it for what it does itself. What it is handed is not seen there, and differs from caller to
caller: it is judged as what runs at that place, and told where it is handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from poolint.analyses.clientele import Clientele
from poolint.analyses.occasions import Occasions
from poolint.syntax.scopes import is_parameter
from poolint.syntax.surroundings import may_await

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.analyses.edges import Edge, Link
    from poolint.analyses.effects import Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.nested_checkout import NestedCheckout
    from poolint.detect.services import Services
    from poolint.detect.waiting import CallWhileHeld
    from poolint.syntax.scopes import Scope

    Told = TypeVar("Told", CallWhileHeld, NestedCheckout)


class HandedWork(NamedTuple):
    """A call of ``scope`` by which work is handed over, where it is run in the end, and what is held there."""

    call: ast.Call
    scope: Scope
    edge: Edge
    at: Link
    held: list[Hold]

    def below(self, witness: Witness) -> Witness | None:
        """The part of a chain from the call that begins where the work is run; None where that is not on it."""
        links = witness.links
        return witness._replace(links=links[links.index(self.at) :]) if self.at in links else None

    def told(self, observation: Told, *, is_possible: bool) -> Told:
        """What is observed where the work is run, as it is told where it is handed over."""
        return msgspec.structs.replace(
            observation,
            node=self.call,
            function=self.scope.qualified_name,
            in_async=may_await(self.call, self.scope),
            holder=self.at.scope.qualified_name,
            is_possible=is_possible,
        )


def handed_work(services: Services, scope: Scope) -> Iterator[HandedWork]:
    """The work that a function hands to others which hold something as they run it, that they have not been passed; nothing of
    calls at which it holds something itself, which are told for that."""
    holdings = services.holdings
    for call in scope.calls:
        for edge in services.edges.of_call(call, scope):
            link = next((one for one in edge.way if holdings.at(one.node, one.scope)), None) if edge.work else None
            if link is None or holdings.at(call, scope):
                continue
            held = [one for one in holdings.at(link.node, link.scope) if not is_parameter(one.resource, link.scope)]
            if held:
                yield HandedWork(call, scope, edge, link, held)


def is_handed_seldom(services: Services, work: HandedWork) -> bool:
    """Whether who hands it over runs as the application starts, in a script or a command, or for few."""
    occasions, scope = services.evaluator.derived(Occasions), work.scope
    is_alone = occasions.starts(scope) or occasions.ends_with_script(scope) or occasions.runs_alone(scope)
    return is_alone or services.evaluator.derived(Clientele).is_for_few(scope, work.call)
