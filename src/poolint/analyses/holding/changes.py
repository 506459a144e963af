"""Changes: where a function takes a connection for something, and where the use of that ends."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.transactions import Region
    from poolint.analyses.waypoints import Cause
    from poolint.models.schema import Class


class Asked(NamedTuple):
    """What a helper is passed and decides by, and how that comes out where it does something."""

    test: ast.expr
    truth: bool


class Change(NamedTuple):
    """One change: ``resource``, as written, holds a connection from ``node`` on, or holds none any more.

    ``block`` says that it is held by a transaction's own block, ``reverse`` that the opposite is true when ``node``
    raises: a checkout that fails has taken nothing, a commit that fails has taken a connection and keeps it. ``cause``
    is what has happened, where ``node`` does not show it. ``never``: it is not known to return at all, while that is
    being found out. ``undone``: when it raises, it has ended the use: it rolls back, and raises. ``at_times``: it is so on
    some of the ways that lead to the beginning of the function. ``asked``: where this says so, a helper ends the use,
    and only there, whatever else is said of it. ``began``: it ends what this call has begun, and nothing else of that name.
    ``within``: it holds for as long as this loop runs, however that is left.
    """

    resource: str
    holds: bool
    node: ast.expr
    cls: Class | None = None
    block: bool = False
    reverse: bool = False
    cause: Cause | None = None
    never: bool = False
    undone: bool = False
    at_times: bool = False
    asked: Asked | None = None
    began: ast.expr | None = None
    within: ast.AST | None = None


class Done(NamedTuple):
    """What a call does with a place: ``holds`` it from now on, or holds it no more; the rest as of a change."""

    place: str
    holds: bool
    cls: Class | None
    never: bool = False
    undone: bool = False
    asked: Asked | None = None

    def at(self, node: ast.expr, cause: Cause | None = None) -> Change:
        """The change that it is where a call stands."""
        return Change(
            self.place, self.holds, node, self.cls, False, False, cause, self.never, self.undone, asked=self.asked
        )


class Changes:
    """The changes of one function: ``calls`` by the call, ``enters`` and ``exits`` by the item of a ``with``, ``rounds`` by
    the loop, each time that it asks for the next item, and by the ``break`` that leaves it, ``items`` by the loop, each time
    that it gets one, ``told`` by the call that a test asks, and how that comes out."""

    def __init__(self) -> None:
        self.calls: dict[ast.AST, list[Change]] = {}
        self.rounds: dict[ast.AST, list[Change]] = {}
        self.items: dict[ast.AST, list[Change]] = {}
        self.enters: dict[ast.AST, list[Change]] = {}
        self.exits: dict[ast.AST, list[Change]] = {}
        self.told: dict[tuple[ast.AST, bool], list[Change]] = {}
        self.regions: list[Region] = []
        self.before: list[Change] = []
        """What is held already when the function begins."""
        self.dedicated: set[str] = set()
        """Resources that have to stay held: their connections listen."""

    def copied(self) -> Changes:
        """These changes, to be added to."""
        found = Changes()
        found.calls = {call: list(changes) for call, changes in self.calls.items()}
        found.rounds = {loop: list(changes) for loop, changes in self.rounds.items()}
        found.items = {loop: list(changes) for loop, changes in self.items.items()}
        found.enters = {item: list(changes) for item, changes in self.enters.items()}
        found.exits = {item: list(changes) for item, changes in self.exits.items()}
        found.told = {asked: list(changes) for asked, changes in self.told.items()}
        found.regions, found.before, found.dedicated = list(self.regions), list(self.before), set(self.dedicated)
        return found

    def holding(self) -> Iterator[Change]:
        """Those by which something is held. Who only asks for the first one does not pay for all of them."""
        yield from self.before
        inside = (found for table in self.tables() for found in table.values())
        yield from (one for found in inside for one in found if one.holds or one.reverse)

    def tables(self) -> tuple[dict[Any, list[Change]], ...]:
        """Where something may be taken, by what does so."""
        return (self.calls, self.enters, self.rounds, self.items, self.told)

    def ending(self, resource: str) -> Iterator[Change]:
        """The calls by which the use of a resource ends."""
        inside = (one for found in self.calls.values() for one in found)
        yield from (one for one in inside if one.resource == resource and not (one.holds or one.never))

    def holds_any(self) -> bool:
        """Whether something is held by one of them."""
        return next(self.holding(), None) is not None
