"""What comes after what: of several places of one function, those that every way to another one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.graphs import events_at
from poolint.flow.cfg import TooComplex

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from poolint.analyses.graphs import Graphs
    from poolint.syntax.scopes import Scope


def passed_before(graphs: Graphs, nodes: Sequence[ast.AST], scope: Scope) -> list[tuple[ast.AST, ...]]:
    """For each of ``nodes`` those of the others that every way to it passes; none in a function that is not followed."""
    if len(nodes) < 2:
        return [()] * len(nodes)
    try:
        graph = graphs.of(scope)
    except TooComplex:
        return [()] * len(nodes)
    events = [events_at(graph, one) for one in nodes]

    def comes_before(first: int, then: int) -> bool:
        return bool(events[then]) and all(
            any(graph.dominates(one, end) for one in events[first]) for end in events[then]
        )

    numbers = range(len(nodes))
    return [tuple(nodes[one] for one in numbers if one != then and comes_before(one, then)) for then in numbers]
