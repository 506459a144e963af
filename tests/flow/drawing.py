"""Small random graphs, and all of their ways: what the answers of data-flow problems are held to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, get_args

from poolint.flow.cfg import Edge, EdgeKind, Graph, Node
from poolint.flow.cfg.graph import reverse_postorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


def drawn(random: Random, size: int = 5, event: Callable[[int], Node] | None = None) -> Graph:
    """A graph of a few events, each with one or two edges to any, and with one exit; ``event`` makes one by its number."""
    successors = [[random.randrange(1, size) for _ in range(random.choice((1, 2, 2)))] for _ in range(size - 1)]
    found = [0]
    for one in found:  # grows
        found += [target for target in dict.fromkeys([*successors, []][one]) if target not in found]
    last = size - 1
    made = event or (lambda _: Node("statement", ast.Pass()))
    nodes = {one: made(one) if one != last else Node("exit-normal", ast.Pass()) for one in {*found, last}}
    for one in found:
        for target in [*successors, []][one]:
            edge = Edge(nodes[one], nodes[target], random.choice(get_args(EdgeKind)))
            nodes[one].successors.append(edge)
            nodes[target].predecessors.append(edge)
    return Graph(
        ast.Lambda(), [nodes[one] for one in sorted(nodes)], reverse_postorder(nodes[0]), {"exit-normal": nodes[last]}
    )


def edges_of(graph: Graph) -> list[Edge]:
    """All edges of a graph."""
    return [edge for node in graph.nodes for edge in node.successors]


def ways(start: Node, length: int) -> Iterator[list[Edge]]:
    """All ways of up to ``length`` edges from an event on, in the order of their edges, the empty one first."""
    stack: list[tuple[Node, list[Edge]]] = [(start, [])]
    while stack:
        node, way = stack.pop()
        yield way
        if len(way) < length:
            stack += [(edge.target, [*way, edge]) for edge in reversed(node.successors)]
