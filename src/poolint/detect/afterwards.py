"""Observations about what is used, or given away, after the block that owns it has released it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.holding import inside
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.flow.cfg.graph import UNWINDING
from poolint.flow.solver import edges_from, reach
from poolint.models.schema import HANDLES, REACHING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.waypoints import Waypoint
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

    Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class UsedAfterRelease(Observation):
    """A use of a resource after it was released. ``node`` is the use, ``released`` where the release stands."""

    variable: str
    method: str
    cls: schema.Class
    released: Waypoint


_NEEDS_IT = REACHING_ROLES | {"begin", "cursor"}


def observe(ev: Evaluator, graphs: Graphs, scope: Scope) -> Iterator[Observation]:
    """The uses in ``scope`` of what a ``with`` block has bound and released."""
    blocks = _Blocks(scope)
    for statement in scope.withs:
        for item in statement.items:
            target = item.optional_vars
            if not isinstance(target, ast.Name):
                continue
            asynchronous = isinstance(statement, ast.AsyncWith)
            cls = _released_class(ev, item.context_expr, scope, asynchronous=asynchronous)
            if cls is None:
                continue
            released = waypoint("released", item.context_expr, scope.module)
            try:
                uses = (
                    list(_uses(ev, graphs.of(scope), item, target.id, cls))
                    if blocks.is_left(statement, target.id)
                    else []
                )
            except TooComplex:
                return
            for node, method in uses:
                yield UsedAfterRelease(
                    node, scope.qualified_name, may_await(node, scope), target.id, method, cls, released
                )
            for given in _given_away(statement, target.id, scope):
                yield UsedAfterRelease(
                    given, scope.qualified_name, may_await(given, scope), target.id, "", cls, released
                )


class _Blocks:
    """The blocks of a function by the names that they bind; they are disjoint, or one is inside of the other."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._spans: dict[str, set[Span]] = {}
        for statement in scope.withs:
            for item in statement.items:
                if isinstance(item.optional_vars, ast.Name):
                    self._spans.setdefault(item.optional_vars.id, set()).add(_span(statement))
        self._known: dict[str, tuple[dict[Span, Span | None], frozenset[Span | None]]] = {}

    def is_left(self, statement: ast.With | ast.AsyncWith, name: str) -> bool:
        """Whether ``name`` is read anywhere but in this block, and in others that bind it anew: cheap, before the paths.

        A block around this one binds the name before it, so what is read there may well be what this one has bound.
        """
        if name not in self._known:
            self._known[name] = self._nested(name)
        around, reading = self._known[name]
        span = around[_span(statement)]
        while span is not None:
            if span in reading:
                return True
            span = around[span]
        return None in reading

    def _nested(self, name: str) -> tuple[dict[Span, Span | None], frozenset[Span | None]]:
        """The block around each that binds ``name``, and those in which, and in no inner one, the name is read."""
        around: dict[Span, Span | None] = {}
        reading: set[Span | None] = set()
        inside: list[Span] = []
        blocks = sorted(self._spans[name], key=lambda span: (span[0], -span[1]))
        rows = sorted({load.lineno for load in self._scope.loads.get(name, ())})
        following = 0
        for row in (*rows, None):
            while following < len(blocks) and (row is None or blocks[following][0] <= row):
                span = blocks[following]
                following += 1
                while inside and inside[-1][1] < span[0]:
                    inside.pop()
                around[span] = inside[-1] if inside else None
                inside.append(span)
            if row is not None:
                while inside and inside[-1][1] < row:
                    inside.pop()
                reading.add(inside[-1] if inside else None)
        return around, frozenset(reading)


def _span(statement: ast.With | ast.AsyncWith) -> Span:
    """First and last row of a block without its header."""
    return statement.body[0].lineno, statement.body[-1].end_lineno or 0


def _released_class(ev: Evaluator, header: ast.expr, scope: Scope, *, asynchronous: bool) -> Class | None:
    """The class of what a ``with`` binds, where it is a session or connection that the block releases."""
    found = alternatives(ev.entered(ev.type_of(header, scope), asynchronous=asynchronous))
    if len(found) != 1 or not isinstance(found[0], Instance) or found[0].base is None:
        return None
    cls = found[0].base
    return cls if cls.kind in HANDLES and found[0].cls is cls else None


def _uses(ev: Evaluator, graph: Graph, item: ast.withitem, name: str, cls: Class) -> Iterator[tuple[ast.Call, str]]:
    """The first use on each way on from the end of the block, until the name is bound again."""
    # Also into the handlers and the `finally` around the block: they run after it.
    exits = [node for node in graph.nodes_of(item) if node.kind == "exit"]
    begun = [edge for edge in edges_from(exits) if edge.source.way in UNWINDING or not edge.is_unwinding]
    told: set[ast.AST] = set()
    ends: set[Node] = set()
    """Events that no way is followed past."""

    def passes(edge: Edge) -> bool:
        return edge.source not in ends and (edge.source.kind == "except" or not edge.is_unwinding)

    for node in reach(begun, passes):
        is_bound = node.kind == "store" and not node.inner and _binds(node.node, name)
        if is_bound or (node.kind == "enter" and node.node is item):
            ends.add(node)
        elif node.kind == "call" and isinstance(node.node, ast.Call) and node.node not in told:
            method = _method_on(ev, node.node, name, cls)
            if method:
                ends.add(node)
                told.add(node.node)
                yield node.node, method


def _binds(target: ast.AST | None, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _method_on(ev: Evaluator, call: ast.Call, name: str, cls: Class) -> str:
    """The method of the resource that a call is, where it needs what has been released."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == name):
        return ""
    row = ev.models.method(cls, function.attr)
    return function.attr if row is not None and row.role in _NEEDS_IT else ""


def _given_away(statement: ast.With | ast.AsyncWith, name: str, scope: Scope) -> Iterator[ast.expr]:
    """``return conn`` inside of the block: the caller gets it closed."""
    for value in scope.returns:
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        if any(_binds(part, name) for part in parts):
            parent = parent_of(value)
            if parent is not None and inside(parent, statement):
                yield value


DETECTOR = Detector(
    "afterwards", lambda services: partial(observe, services.evaluator, services.graphs), of="functions"
)
