"""What comes after what: of several places of one function, those that every way to another one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from poolint.analyses.graphs import events_at
from poolint.flow.cfg import TooComplex

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.analyses.graphs import Graphs
    from poolint.detect.observation import Observation
    from poolint.syntax.scopes import Scope


T = TypeVar("T", bound="Observation")


def in_turn(found: Iterable[T], same: Callable[[T], object], graphs: Graphs, scope: Scope) -> Iterator[T]:
    """Observations of one function, each with those that are the ``same`` and that every way to it passes: those are
    what it has to keep as ``after``."""
    groups: dict[object, list[T]] = {}
    for one in found:
        groups.setdefault(same(one), []).append(one)
    for several in groups.values():
        for one, after in zip(several, _passed_before(graphs, [one.node for one in several], scope), strict=True):
            yield msgspec.structs.replace(one, after=after) if after else one


def _passed_before(graphs: Graphs, nodes: Sequence[ast.AST], scope: Scope) -> list[tuple[ast.AST, ...]]:
    """For each of ``nodes`` those of the others that every way to it passes; none in a function that is not followed."""
    if len(nodes) < 2:
        return [()] * len(nodes)
    try:
        graph = graphs.of(scope)
    except TooComplex:
        return [()] * len(nodes)
    events = [events_at(graph, one) for one in nodes]
    if all(len(one) == 1 for one in events):
        return _chains(nodes, graph.nearest_dominators([one for (one,) in events]))

    def comes_before(first: int, then: int) -> bool:
        return bool(events[then]) and all(
            any(graph.dominates(one, end) for one in events[first]) for end in events[then]
        )

    numbers = range(len(nodes))
    return [tuple(nodes[one] for one in numbers if one != then and comes_before(one, then)) for then in numbers]


def _chains(nodes: Sequence[ast.AST], nearest: dict[int, int]) -> list[tuple[ast.AST, ...]]:
    """Of each node those that lead to it from one nearest dominator to the next: ``nearest`` has each behind its own."""
    found: list[tuple[ast.AST, ...]] = [()] * len(nodes)
    for then, before in nearest.items():
        found[then] = (*found[before], nodes[before])
    return found
