"""What is told of a second checkout from the pool that one is held from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.waypoints import Waypoint


class NestedCheckout(Observation, frozen=True, eq=False):
    """A second checkout from the pool that the one in hand is from. The fields are those of :class:`CallWhileHeld`.

    ``functions`` are the project's on the way, by their dotted names, that around it first; ``autocommit``: the second
    connection is set to that; ``refuses``: a pool that has none left raises at once. ``after`` are those on the same way, from
    the same pool while the same is held, that every way here passes.
    """

    resource: str
    begun: Waypoint
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]
    functions: tuple[str, ...]
    autocommit: bool
    refuses: bool
    is_alone: bool
    """Whether nobody else asks the pool then: it happens in a command, or in the one task that does such things."""
    is_possible: bool = False
    """Whether that is in a script, or as the application starts, or between two turns of an event loop: nobody is there who
    could want the other connections."""
    after: tuple[ast.AST, ...] = ()
    holder: str = ""
    """The function that holds the first one, where that is another one, which runs what it is handed here."""
    apart: str = ""
    """The two functions of which a framework has the two sessions: to have one for both is one decision."""

    @property
    def stretch(self) -> str:
        """What tells the second checkouts by one function while the same is held from all others."""
        return f"{self.resource} {self.begun.range.start} {self.names}"


def held_as(hold: Hold) -> set[str]:
    """The names under which a connection is in hand: that of a transaction's block is what the block binds."""
    item = parent_of(hold.since)
    bound = item.optional_vars if isinstance(item, ast.withitem) else None
    return {hold.resource, *((bound.id,) if isinstance(bound, ast.Name) else ())}
