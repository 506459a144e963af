"""Dominators, by Semi-NCA (Georgiadis): nearly linear, where the textbook fixpoint is quadratic.

Exits are what makes the difference: each call of a long function has an edge to the exceptional exit, and the fixpoint
walks from each of them up to the entry again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.flow.cfg.graph import Node


def immediate_dominators(entry: Node) -> dict[Node, Node]:
    """The immediate dominator of all that ``entry`` reaches, but of ``entry``, which has none."""
    nodes, parents = _depth_first(entry)
    number = {node: index for index, node in enumerate(nodes)}
    semi = list(range(len(nodes)))
    best = list(range(len(nodes)))
    ancestors = [-1] * len(nodes)
    for index in range(len(nodes) - 1, 0, -1):
        for edge in nodes[index].predecessors:
            if edge.source in number:
                source = _compress(number[edge.source], ancestors, best, semi)
                semi[index] = min(semi[index], semi[source])
        ancestors[index] = parents[index]
    found = [0] * len(nodes)
    for index in range(1, len(nodes)):
        above = parents[index]
        while above > semi[index]:
            above = found[above]
        found[index] = above
    return {nodes[index]: nodes[found[index]] for index in range(1, len(nodes))}


def intervals(entry: Node, dominators: dict[Node, Node]) -> dict[Node, tuple[int, int]]:
    """First and last number of each node's subtree of the dominator tree: whatever it dominates lies within."""
    children: dict[Node, list[Node]] = {entry: []}
    for node, above in dominators.items():
        children.setdefault(above, []).append(node)
    found: dict[Node, tuple[int, int]] = {}
    starts: dict[Node, int] = {}
    stack = [entry]
    count = 0
    while stack:
        node = stack[-1]
        if node not in starts:
            starts[node] = count
            count += 1
            stack.extend(children.get(node, ()))
        else:
            stack.pop()
            found[node] = (starts[node], count)
    return found


def _depth_first(entry: Node) -> tuple[list[Node], list[int]]:
    """What ``entry`` reaches in preorder, and the position of each node's parent in the tree of that walk."""
    nodes: list[Node] = []
    parents: list[int] = []
    seen: set[Node] = set()
    stack = [(entry, 0)]
    while stack:
        node, parent = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        index = len(nodes)
        nodes.append(node)
        parents.append(parent)
        stack.extend((edge.target, index) for edge in reversed(node.successors))
    return nodes, parents


def _compress(node: int, ancestors: list[int], best: list[int], semi: list[int]) -> int:
    """The node of least semidominator on the way up through what is linked already, which is shortened."""
    if ancestors[node] < 0:
        return best[node]
    path = []
    while ancestors[ancestors[node]] >= 0:
        path.append(node)
        node = ancestors[node]
    for below in reversed(path):
        above = ancestors[below]
        if semi[best[above]] < semi[best[below]]:
            best[below] = best[above]
        ancestors[below] = ancestors[above]
    return best[path[0]] if path else best[node]
