"""Which reads of a name may see what one statement has bound to it: the graph asked backwards from names.

The graph has events, not names; a read belongs to the nearest event around it that has to wait for its value.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg import build
from poolint.flow.solver import edges_from, reach
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import COMPREHENSIONS, is_inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from poolint.flow.cfg import Graph, Node
    from poolint.syntax.scopes import Scope


class Reads:
    """The reads of one function's names, by what they may see.

    Raises :class:`~poolint.flow.cfg.TooComplex` for a function that is too large for a graph.
    """

    def __init__(self, scope: Scope, graph: Graph | None = None) -> None:
        self.scope = scope
        self.graph = graph if graph is not None else build(scope.node)
        self._by_value: dict[ast.AST, list[Node]] = {}
        self._by_statement: dict[ast.AST, list[Node]] = {}
        for node in self.graph.nodes:
            if node.value is not None:
                self._by_value.setdefault(node.value, []).append(node)
            if node is not self.graph.entry and not node.kind.startswith("exit-"):
                self._by_statement.setdefault(_statement(node.node), []).append(node)

    def seeing(self, starts: Iterable[Node], name: str, stops: Collection[Node] = ()) -> list[ast.Name]:
        """The reads of ``name`` that control may come to from ``starts`` without its being bound anew.

        What is only reached past ``stops`` is not among them.
        """
        reached = self._reached(starts, name, stops)
        return [
            load
            for load in self.scope.loads.get(name, ())
            if not _is_shadowed(load, name) and any(event in reached for event in self.events(load))
        ]

    def _reached(self, starts: Iterable[Node], name: str, stops: Collection[Node]) -> set[Node]:
        return set(
            reach(edges_from(starts), lambda edge: edge.source not in stops and name not in bound_by(edge.source))
        )

    def events(self, node: ast.AST) -> list[Node]:
        """The events that use the value of an expression first; several where they stand in a ``finally``."""
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            found = self.graph.nodes_of(current) or self._by_value.get(current)
            if found:
                return found
            current = parent_of(current)
        if current is None:
            return []
        return self.graph.nodes_of(current) or self._by_statement.get(current, [])

    def is_bound_before(self, name: str, places: Collection[Node]) -> bool:
        """Whether ``name`` has a value whenever control comes to one of ``places``; true for names from outside."""
        bindings = self.scope.bindings.get(name, ())
        if not bindings or any(one.kind == "parameter" or isinstance(one.node, ast.arg) for one in bindings):
            return True
        stores = [node for node in self.graph.nodes if node.how != "delete" and name in bound_by(node)]
        return all(
            any(store is not place and self.graph.dominates(store, place) for store in stores) for place in places
        )


def bound_by(node: Node) -> tuple[str, ...]:
    """The name that an event binds or deletes in its function, as a tuple of one or none."""
    if node.kind != "store" or node.inner:
        return ()
    target = node.node
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, ast.alias):
        return (target.asname or target.name.partition(".")[0],)
    name = getattr(target, "name", None)
    if name is None:
        name = getattr(target, "rest", None)
    return (name,) if isinstance(name, str) else ()


def _statement(node: ast.AST) -> ast.AST:
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        current = parent_of(current)
    return current or node


def _is_shadowed(load: ast.Name, name: str) -> bool:
    """Whether a read sees the variable of a comprehension around it."""
    child: ast.AST = load
    current = parent_of(load)
    while current is not None and not isinstance(current, ast.stmt):
        if isinstance(current, COMPREHENSIONS):
            # What is iterated first is evaluated outside.
            outside = child is current.generators[0] and is_inside(load, current.generators[0].iter)
            if not outside and any(_binds(one.target, name) for one in current.generators):
                return True
        child, current = current, parent_of(current)
    return False


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(target))
