"""Whether what is owed and what is done agree at each exit: an obligation is followed over the graph, event by event.

The search is breadth-first over (event, standing of the obligation), and each standing remembers the edge that first
brought it, so the path to an exit is a shortest one.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.state import Config, End
from poolint.analyses.lifetimes.transfer import Moves
from poolint.flow.cfg import EXITS, TooComplex

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.flow.cfg import Edge, Graph, Node, NodeKind

MAX_STANDINGS = 40_000
"""Pairs of event and standing that one obligation may take; the largest function of 31 real packages has 2,100."""

MAX_IN_FUNCTION = 100_000
"""The same for all obligations of one function together: about a second of work."""

_LOST = ("overwritten", "misreleased", "misplaced")

Standing = tuple["Node", Config]


class Outcome(NamedTuple):
    """How an obligation ends.

    ``leaks`` are the exits at which it is still owed, with a shortest path to each; ``overwritten`` is a path to the
    store that loses it, ``misreleased`` one to the call that closes what it should give back, ``misplaced`` one to
    the call that gives it to another pool. ``released`` and
    ``handed`` say whether any path releases it or gives it to somebody else; ``standings`` is what the search took.
    """

    leaks: dict[NodeKind, list[Edge]]
    overwritten: list[Edge] | None
    misreleased: list[Edge] | None
    misplaced: list[Edge] | None
    released: bool
    handed: bool
    standings: int


class Trace:
    """What a search has met, for whoever asks how an obligation ended: each end it took, each exit it reached."""

    def __init__(self) -> None:
        self.ends: list[tuple[Standing, Edge, End]] = []
        self.exits: list[tuple[Standing, list[Edge]]] = []


def follow(
    graph: Graph, site: Site, moves: Moves, flags: frozenset[tuple[str, bool]], trace: Trace | None = None
) -> Outcome:
    """Follow one obligation from where it begins to the exits of its function.

    Raises:
        TooComplex: it takes more standings than a search may hold.
    """
    came_by: dict[Standing, tuple[Standing | None, Edge]] = {}
    queue: deque[Standing] = deque()
    for start in graph.nodes_of(site.value):
        for edge in start.successors:
            if not edge.is_unwinding and (edge.target, _begun(site, flags)) not in came_by:
                standing = (edge.target, _begun(site, flags))
                came_by[standing] = (None, edge)
                queue.append(standing)
    leaks: dict[NodeKind, list[Edge]] = {}
    lost: dict[str, list[Edge]] = {}
    ends: set[str] = set()
    exits = frozenset(EXITS.values())
    while queue:
        standing = queue.popleft()
        node, config = standing
        if node.kind in exits:
            if trace is not None:
                trace.exits.append((standing, _path(came_by, standing)))
            if config.state == "closed":
                lost.setdefault("misreleased", _path(came_by, _closed(came_by, standing)))
            elif moves.is_owed(config) and node.kind not in leaks:
                leaks[node.kind] = _path(came_by, standing)
            continue
        for edge in node.successors:
            after = _bound(node, site, config) or moves.after(node, config, edge)
            if isinstance(after, End):
                ends.add(after.how)
                if trace is not None:
                    trace.ends.append((standing, edge, after))
                if after.how in ("overwritten", "misplaced") and after.how not in lost:
                    lost[after.how] = [*_path(came_by, standing), edge]
                elif after.how == "misreleased":
                    lost.setdefault(after.how, _path(came_by, _closed(came_by, standing)))
                continue
            reached = (edge.target, after)
            if reached not in came_by:
                if len(came_by) >= MAX_STANDINGS:
                    raise TooComplex(graph.function, MAX_STANDINGS)
                came_by[reached] = (standing, edge)
                queue.append(reached)
    released, handed = "released" in ends, "handed" in ends
    overwritten, misreleased, misplaced = map(lost.get, _LOST)
    return Outcome(leaks, overwritten, misreleased, misplaced, released, handed, len(came_by))


def _begun(site: Site, flags: frozenset[tuple[str, bool]]) -> Config:
    return Config(site.start, frozenset(), flags)


def _bound(node: Node, site: Site, config: Config) -> Config | None:
    """The standing once the checkout has got its name."""
    if node.kind == "store" and node.value is site.value and not config.names and isinstance(node.node, ast.Name):
        return config._replace(names=frozenset([node.node.id]))
    return None


def _closed(came_by: dict[Standing, tuple[Standing | None, Edge]], standing: Standing) -> Standing:
    """The standing on the way to another at which the resource has just been closed."""
    previous, _ = came_by[standing]
    while previous is not None and previous[1].state == "closed":
        standing = previous
        previous, _ = came_by[standing]
    return standing


def _path(came_by: dict[Standing, tuple[Standing | None, Edge]], standing: Standing) -> list[Edge]:
    edges = []
    current: Standing | None = standing
    while current is not None:
        current, edge = came_by[current]
        edges.append(edge)
    return edges[::-1]
