"""What a generator keeps back while it is stopped: a connection that those who work on meanwhile cannot come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.derived import Derived
from poolint.flow.cfg import TooComplex
from poolint.flow.liveness import Reads
from poolint.syntax.captures import is_captured

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.syntax.scopes import Scope


def is_kept_back(holdings: Holdings, hold: Hold, function: Scope) -> bool:
    """Whether a generator gives away neither what it holds nor anything that is made of it, by which somebody may end the use:
    an object, a container, a method. What a query has found is none of these."""
    if not function.is_generator or is_captured(hold.resource, function):
        return False
    try:
        reads = Reads(function, holdings.graph(function))
    except TooComplex:
        return False
    bindings = function.bindings.get(hold.resource, ())
    starts = tuple(event for one in bindings for event in reads.graph.nodes_of(one.node))
    # Entities count as what has been found, whatever their session is: nobody commits by one.
    made = Derived(holdings.objects.ev, function, reads, hold.resource, starts, None)
    return bool(starts) and not made.yields and made.handed_out is None
