"""Observations about connections that are given back to their pool when they have been given back already."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.graphs import suppresses
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.flow.cfg.catching import Catches, catches, catching
from poolint.flow.flags import name_of
from poolint.flow.liveness import bound_by
from poolint.flow.solver import completed, reach
from poolint.models.schema import Method
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside, may_await
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.waypoints import Waypoint
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


class ReleasedTwice(Observation, frozen=True, eq=False):
    """A release that another one of the same connection always comes before. ``node`` is the second one, ``released`` where the
    first one stands, ``error`` what the pool raises."""

    variable: str
    call: CallSite
    error: str
    released: Waypoint


class _Release(NamedTuple):
    """A call that gives back what a variable holds, by a method that raises if that has been done before."""

    name: str
    fact: CallSite
    error: str


def observe(ev: Evaluator, graphs: Graphs, words: frozenset[str], scope: Scope) -> Iterator[Observation]:
    """The second releases in ``scope``; ``words`` are the names of methods that refuse them."""
    if scope.kind != "function" or words.isdisjoint(scope.called):
        return
    releases = [one for call in scope.calls_named(words) if (one := _release(ev, call, scope)) is not None]
    told = set[ast.Call]()
    for first in releases:
        others = [one for one in releases if one is not first and one.name == first.name]
        others = [one for one in others if not _is_expected(ev, one.fact.node, first.fact.node, scope)]
        try:
            found = _always_after(first, others, graphs.of(scope)) if others else None
        except TooComplex:
            return
        if found is not None and found.fact.node not in told:
            told.add(found.fact.node)
            where = (found.fact.node, scope.qualified_name, may_await(found.fact.node, scope))
            released = waypoint("released", first.fact.node, scope.module)
            yield ReleasedTwice(*where, found.name, found.fact, found.error, released)


def refusing(ev: Evaluator) -> frozenset[str]:
    """The names of methods that raise where something is given back twice."""
    rows = (row for cls in ev.models.classes.values() for row in cls.methods if row.refused_again)
    return frozenset(name for row in rows for name in row.names)


def _release(ev: Evaluator, call: ast.Call, scope: Scope) -> _Release | None:
    fact = call_site(ev, call, scope)
    row = fact.row if fact is not None else None
    given = call.args[0] if call.args else None
    if fact is None or not isinstance(row, Method) or not row.refused_again or not isinstance(given, ast.Name):
        return None
    if given.id not in scope.bindings or given.id in scope.declared:
        return None  # another function may bind it anew in between
    return _Release(name_of(given), fact, row.refused_again)


def _is_expected(ev: Evaluator, call: ast.expr, first: ast.expr, scope: Scope) -> bool:
    """Whether what the pool raises about a second release is caught around it: by a block that suppresses or expects it, or by
    handlers that are not there for the first release as well."""
    node: ast.AST = call
    outer = parent_of(call)
    while outer is not None and node is not scope.node:
        if isinstance(outer, ast.Try) and any(node is one for one in outer.body) and not is_inside(first, outer):
            if any(catches(one, "exception") is not Catches.NEVER for one in outer.handlers):
                return True
        elif isinstance(outer, (ast.With, ast.AsyncWith)) and any(node is one for one in outer.body):
            entered = [one.context_expr for one in outer.items if isinstance(one.context_expr, ast.Call)]
            if any(_lets_fail(ev, one, scope) for one in entered):
                return True
        node, outer = outer, parent_of(outer)
    return False


def _lets_fail(ev: Evaluator, context: ast.Call, scope: Scope) -> bool:
    """Whether a block of what a call makes may suppress an exception such as that of a pool."""
    found = suppresses(ev, context, scope)
    return catching(found, "exception") is not Catches.NEVER if isinstance(found, tuple) else found


def _always_after(first: _Release, others: list[_Release], graph: Graph) -> _Release | None:
    """The release of the same thing that every way on from another one comes to, before the name is bound anew. What else raises
    on that way is not thought of."""
    events = {node: one for one in others for node in graph.nodes_of(one.fact.node) if node.kind == "call"}
    begun = completed(node for node in graph.nodes_of(first.fact.node) if node.kind == "call")
    found: _Release | None = None

    def goes_on(edge: Edge) -> bool:
        node: Node = edge.source
        return node not in events and (not edge.is_unwinding or node.kind in ("raise", "reraise"))

    for node in reach(begun, goes_on):
        if node.kind.startswith("exit-") or first.name in bound_by(node):
            return None
        found = found or events.get(node)
    return found


DETECTOR = Detector(
    "released-twice",
    lambda services: partial(observe, services.evaluator, services.graphs, refusing(services.evaluator)),
    of="functions",
)
