"""Observations about generators that make an engine, a pool or a client, and close it only if the consumer comes back.

``app.state.redis = await connect(); yield; await app.state.redis.close()``: what is made may be kept under a dotted
name, stored and handed on, and the ``yield`` need not mention it. All of these are lent: that the same function closes
it shows whose it is. Into what runs as long as an application nothing is thrown before the process ends, and a test that
fails leaves little.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.pool_limits import is_unpooled
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakedCheckout
from poolint.flow.cfg import TooComplex
from poolint.flow.escapes import decisions, escapes, walk
from poolint.flow.flags import Flags, name_of
from poolint.flow.solver import completed, reach
from poolint.frameworks.hooks import is_resumed, starts
from poolint.models.schema import CLOSING_ROLES, OWNERS
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import CallSite, call_site, text_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def observe(ev: Evaluator, graphs: Graphs, scope: Scope) -> Iterator[LeakedCheckout]:
    """What a generator lends, and does not close when its consumer fails."""
    if not scope.is_generator:
        return
    ends = ev.models.words("gives-back", "removes")
    closing = [one for one in scope.calls if isinstance(one.func, ast.Attribute) and one.func.attr in ends]
    names = {name_of(one.func.value) for one in closing if isinstance(one.func, ast.Attribute)} - {""}
    for call in scope.calls if names else ():
        value: ast.expr = call
        if isinstance(parent := parent_of(call), ast.Await):
            value, parent = parent, parent_of(parent)
        name = _kept_as(parent, value)
        if name not in names or name.startswith(("self.", "cls.")):
            continue
        cls = _owner(ev, value, scope)
        if cls is None or is_resumed(ev, scope) or is_unpooled(ev, call, scope):
            continue
        releases = [one for one in closing if name_of(one.func.value) == name and _releases(ev, one, scope)]  # type: ignore[attr-defined]
        try:
            lent = _unprotected(graphs, value, name, releases, scope)
        except TooComplex:
            return
        if lent is not None:
            yield _observation(ev, call, name, cls, lent, scope)


def _kept_as(statement: ast.AST | None, value: ast.expr) -> str:
    """The name, dotted or not, that a statement gives a value."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return name_of(statement.targets[0])
    return name_of(statement.target) if isinstance(statement, ast.AnnAssign) and statement.value is value else ""


def _owner(ev: Evaluator, value: ast.expr, scope: Scope) -> Class | None:
    found = alternatives(ev.type_of(value, scope))
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    return base if base is not None and base.kind in OWNERS and ev.is_told(base.name, scope) else None


def _releases(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call ends what it is made on; what is given back to a pool is not that."""
    fact = call_site(ev, call, scope)
    row = fact.row if fact is not None else None
    return row is not None and row.role in CLOSING_ROLES and getattr(row, "releases", "self") != "argument"


def _unprotected(
    graphs: Graphs, made: ast.expr, name: str, releases: list[ast.Call], scope: Scope
) -> ast.Yield | ast.YieldFrom | None:
    """A ``yield`` behind ``made`` that comes before a release, and whose failing skips all of them, whatever is known there of
    the flags by which a ``finally`` asks what it has to undo; unless it comes to the test by which the function decides whether
    it is the one to release it."""
    graph = graphs.of(scope)
    stops = {node for one in releases for node in graph.nodes_of(one)}
    flags = Flags(scope, graph)
    decided = {part for one in releases for part in decisions(one, name, scope)}
    inside = set(walk(completed(graph.nodes_of(made)), stops, name))
    for lent in scope.yields:
        for node in graph.nodes_of(lent):
            is_released = node in inside and not stops.isdisjoint(reach(completed([node])))
            if is_released and escapes(node, stops, name, raising=False, decided=decided, flags=flags):
                return lent
    return None


def _observation(
    ev: Evaluator, call: ast.Call, name: str, cls: Class, lent: ast.Yield | ast.YieldFrom, scope: Scope
) -> LeakedCheckout:
    text = text_of(lent, scope)
    path = (
        waypoint("created", call, scope.module, name),
        waypoint("yields", lent, scope.module, text),
    )
    fact = call_site(ev, call, scope) or CallSite(call, last_name(call.func))
    return LeakedCheckout(
        call, scope.qualified_name, may_await(call, scope), fact.text, name, cls, "yield", path, text, True,
        statement=statement_of(call), is_possible=starts(ev, scope) or is_test(scope.module, ev.project),
    )  # fmt: skip


DETECTOR = Detector(
    "lent",
    lambda services: partial(observe, services.evaluator, services.graphs),
    of="functions",
    calls=lambda services: services.evaluator.models.words("gives-back", "removes"),
)
