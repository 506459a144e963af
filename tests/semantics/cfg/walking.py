"""Holds what happened in a run against a graph: is there a path on which just that happens?

Each node that a run can see has a label; the others are passed silently. An event must be met by a node of its label,
which is then left by an edge of the kind that its outcome says.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from running import Event

    from poolint.semantics.cfg import Edge, Graph, Node

Label = tuple[str, object]

GOES_ON = frozenset({"normal", "loop-back"})
ENDS = {
    "normal": {"exit-normal"},
    "exception": {"exit-exception"},
    "cancel": {"exit-cancel"},
    "generator-exit": {"exit-generator"},
    "closed": {"exit-normal", "exit-generator"},
}


def number_of(syntax: ast.AST | None) -> object:
    """The number by which a program names a place: ``3`` in ``t(3)``, ``yield 3``, ``x := t(3)``."""
    if isinstance(syntax, ast.NamedExpr):
        return number_of(syntax.value)
    if isinstance(syntax, ast.Call) and syntax.args:
        syntax = syntax.args[0]
    return syntax.value if isinstance(syntax, ast.Constant) and isinstance(syntax.value, int) else None


def label_of(node: Node) -> Label | None:
    """How events at ``node`` are labelled; None where a run cannot see any."""
    syntax = node.node
    if node.kind == "call":
        return None if isinstance(syntax.func, ast.Name) and syntax.func.id == "Other" else ("call", number_of(syntax))
    if node.kind in ("await", "yield"):
        return (node.kind, number_of(syntax.value))
    if node.kind in ("enter", "exit", "iterate"):
        return (node.kind, number_of(node.value))
    if node.kind == "decorate":
        return ("decorate", number_of(syntax))
    if node.kind == "test" and number_of(syntax) is not None and not isinstance(syntax, ast.Constant):
        return ("test", number_of(syntax))
    if node.kind == "store" and isinstance(syntax, ast.Attribute):
        return ("store", syntax.attr)
    if node.kind == "statement" and isinstance(syntax, ast.Pass):
        return ("line", syntax.lineno)
    if node.kind == "store" and isinstance(node.value, ast.Constant) and node.how == "assign":
        return ("line", syntax.lineno)
    return None


class Walker:
    """Follows runs over one graph. ``without`` are kinds of edges taken away, to see that it matters."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.labels = {node: label_of(node) for node in graph.nodes}
        module = graph.function
        imports = [node for node in ast.walk(module) if isinstance(node, (ast.Import, ast.ImportFrom))]
        for statement in imports:
            names = [alias.name for alias in statement.names]
            if isinstance(statement, ast.ImportFrom):
                names = [statement.module or ""]
            for node, name in zip(graph.nodes_of(statement), names * len(graph.nodes), strict=False):
                self.labels[node] = ("import", int(name[1:]))
        self.known = {label for label in self.labels.values() if label is not None}

    def seen(self, events: Iterable[Event]) -> list[Event]:
        """Without tests of values on which nothing hangs: they are no branches."""
        return [event for event in events if event.label[0] != "test" or event.label in self.known]

    def follow(self, events: list[Event], end: str, dropped: frozenset[Edge] = frozenset()) -> set[Edge] | int:
        """The edges of all paths on which ``events`` happen; the number of events that fit where there is none."""
        states: dict[Node, frozenset[str]] = {self.graph.entry: GOES_ON}
        layers: list[tuple[list[Edge], set[Node]]] = []
        for index, event in enumerate(events):
            edges, met = self._reach(states, event, dropped)
            if not met:
                return index
            layers.append((edges, met))
            if not event.outcome:
                return _backwards(layers)
            kinds = GOES_ON if event.outcome == "normal" else frozenset({event.outcome})
            states = dict.fromkeys(met, kinds)
        if end:
            edges, met = self._reach(states, None, dropped)
            exits = {node for node in met if node.kind in ENDS[end]}
            if not exits:
                return len(events)
            layers.append((edges, exits))
        return _backwards(layers)

    def _reach(
        self, states: dict[Node, frozenset[str]], event: Event | None, dropped: frozenset[Edge]
    ) -> tuple[list[Edge], set[Node]]:
        """The edges from ``states`` on through silent nodes, and the nodes that they end in: those of the event."""
        passed: list[Edge] = []
        met: set[Node] = set()
        silent: set[Node] = set()
        pending = [edge for node, kinds in states.items() for edge in node.successors if edge.kind in kinds]
        while pending:
            edge = pending.pop()
            if edge in dropped:
                continue
            passed.append(edge)
            node = edge.target
            label = self.labels[node]
            if label is None:
                if node.kind.startswith("exit-"):
                    if event is None:
                        met.add(node)
                elif node not in silent:
                    silent.add(node)
                    pending.extend(node.successors)
            elif event is not None and label == event.label and _fits(node, event):
                met.add(node)
        return passed, met


def _fits(node: Node, event: Event) -> bool:
    """Whether the copy of an exit is the one for what leaves its block."""
    if node.kind != "exit":
        return True
    way = node.way if node.way in ("exception", "cancel", "generator-exit") else "normal"
    return way == event.way


def _backwards(layers: list[tuple[list[Edge], set[Node]]]) -> set[Edge]:
    """Of all edges that were tried, those on paths that end where the run did."""
    found: set[Edge] = set()
    wanted: set[Node] | None = None
    for edges, met in reversed(layers):
        goal = met if wanted is None else met & wanted
        into: dict[Node, list[Edge]] = {}
        for edge in edges:
            into.setdefault(edge.target, []).append(edge)
        reaching = set(goal)
        pending = list(goal)
        while pending:
            for edge in into.get(pending.pop(), ()):
                found.add(edge)
                if edge.source not in reaching:
                    reaching.add(edge.source)
                    pending.append(edge.source)
        wanted = reaching
    return found
