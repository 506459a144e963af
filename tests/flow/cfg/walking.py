"""Holds what happened in a run against a graph: is there a path on which just that happens?

Each node that a run can see has a label; the others are passed silently. An event must be met by a node of its label,
which is then left by an edge of the kind that its outcome says.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

from poolint.flow.cfg import UNWINDING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scheduling import Event

    from poolint.flow.cfg import Edge, Graph, Node

Label = tuple[str, object]

GOES_ON = frozenset({"normal", "loop-back"})
ENDS = {
    "normal": {"exit-normal"},
    "exception": {"exit-exception"},
    "cancel": {"exit-cancel"},
    "generator-exit": {"exit-generator"},
    "interrupt": {"exit-interrupt"},
    "closed": {"exit-normal", "exit-generator"},
}


def number_of(syntax: ast.AST | None) -> object:
    """The number by which a program names a place: ``3`` in ``t(3)``, ``yield 3``, ``x := t(3)``."""
    if isinstance(syntax, ast.NamedExpr):
        return number_of(syntax.value)
    if isinstance(syntax, ast.Call) and syntax.args:
        syntax = syntax.args[0]
    return syntax.value if isinstance(syntax, ast.Constant) and isinstance(syntax.value, int) else None


def quiet_lines(tree: ast.AST) -> set[int]:
    """The rows of statements that only ``sys.settrace`` can see.

    Not of the last in a block: what cleans up behind a ``finally`` or ``except`` is traced as if it were that line.
    """
    blocks = [getattr(node, field, None) for node in ast.walk(tree) for field in ("body", "orelse", "finalbody")]
    return {
        statement.lineno
        for block in blocks
        if isinstance(block, list)
        for statement in block[:-1]
        if isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant))
    }


def label_of(node: Node, quiet: set[int]) -> Label | None:
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
    return ("line", node.row) if node.row in quiet else None


class Walker:
    """Follows runs over one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.quiet_lines = quiet_lines(graph.function)
        self.labels = {node: label_of(node, self.quiet_lines) for node in graph.nodes}
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

    def plan(self, goal: Edge) -> list[tuple[Label, str]]:
        """What has to happen, with which outcomes, on a shortest way from the entry over ``goal``."""
        came_by: dict[Node, Edge] = {}
        pending = deque([self.graph.entry])
        while pending and goal.source not in came_by:
            for edge in pending.popleft().successors:
                if edge.target not in came_by:
                    came_by[edge.target] = edge
                    pending.append(edge.target)
        path = [goal]
        while path[-1].source is not self.graph.entry:
            path.append(came_by[path[-1].source])
        steps = [(self.labels[edge.source], edge.kind) for edge in reversed(path)]
        return [(label, "normal" if kind in GOES_ON else kind) for label, kind in steps if label is not None]

    def follow(self, events: list[Event], end: str, dropped: frozenset[Edge] = frozenset()) -> set[Edge] | int:
        """The edges of all paths on which ``events`` happen; the number of events that fit where there is none.

        ``dropped`` are edges that are taken for missing, to see that it matters.
        """
        states: dict[Node, frozenset[str]] = {self.graph.entry: GOES_ON}
        layers: list[tuple[list[Edge], set[Node]]] = []
        for index, event in enumerate(events):
            edges, met = self._reach(states, event, dropped)
            if not met:
                return index
            layers.append((edges, met))
            if not event.outcome:
                return self._backwards(layers)
            kinds = GOES_ON if event.outcome == "normal" else frozenset({event.outcome})
            states = dict.fromkeys(met, kinds)
        if end:
            edges, met = self._reach(states, None, dropped)
            exits = {node for node in met if node.kind in ENDS[end]}
            if not exits:
                return len(events)
            layers.append((edges, exits))
        return self._backwards(layers)

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

    def _backwards(self, layers: list[tuple[list[Edge], set[Node]]]) -> set[Edge]:
        """Of all edges that were tried, those on paths that end where the run did."""
        found: set[Edge] = set()
        wanted = layers[-1][1] if layers else set()
        for edges, met in reversed(layers):
            into: dict[Node, list[Edge]] = {}
            for edge in edges:
                into.setdefault(edge.target, []).append(edge)
            pending = list(met & wanted)
            silent: set[Node] = set()
            wanted = set()
            while pending:
                for edge in into.get(pending.pop(), ()):
                    found.add(edge)
                    wanted.add(edge.source)
                    if self.labels[edge.source] is None and edge.source not in silent:
                        silent.add(edge.source)
                        pending.append(edge.source)
        return found


def _fits(node: Node, event: Event) -> bool:
    """Whether the copy of an exit is the one for what leaves its block."""
    if node.kind != "exit":
        return True
    return event.way == (node.way if node.way in UNWINDING else "normal")
