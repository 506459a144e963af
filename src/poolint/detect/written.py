"""Whether something is written to a session, and not yet committed, where a message is sent."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.graphs import events_at
from poolint.analyses.holding import root_of
from poolint.analyses.holding.entry import is_committed_after
from poolint.flow.solver import completed, reach
from poolint.types.call_sites import call_site, text_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.flow.cfg import Edge, Graph
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


_GIVING_UP = frozenset({"release", "rollback"})
"""Roles of calls that end a transaction and drop what it has written."""


def is_written(ev: Evaluator, holdings: Holdings, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether something is written around ``node`` outside of a transaction's block: before it and not committed on the
    way here, or committed after it, with nothing written in between.

    Who has only read lets whoever receives a message miss nothing.
    """
    if is_committed_after(ev, hold.resource, scope):
        return True
    graph = holdings.graph(scope)
    words = ev.models.words("pends", "writes")
    own = [call for call in scope.calls if _is_on(call, hold, scope)]
    writes = [call for call in own if last_name(call.func) in words]
    ended = {
        call
        for call, found in holdings.changes(scope).calls.items()
        for one in found
        if _ends(one.resource, hold, one.holds)
    }
    commits = {call for call in own if last_name(call.func) == "commit"}
    if _leads(graph, writes, {node}, but=ended | commits):
        return True
    given_up = {call for call in own if (fact := call_site(ev, call, scope)) is not None and fact.role in _GIVING_UP}
    return _leads(graph, [node], (commits | ended) - given_up, but={*writes, *given_up}, raising=False)


def _leads(
    graph: Graph, begun: Iterable[ast.AST], to: set[ast.AST], but: set[ast.AST], *, raising: bool = True
) -> bool:
    """Whether one of some events, once it has happened, leads to one of others, and past none of ``but``; without ``raising``
    by ways on which nothing raises: what a handler ends is given up as likely as it is committed."""
    stops = {event for one in but for event in events_at(graph, one)}
    ends = {event for one in to for event in events_at(graph, one)}

    def passes(edge: Edge) -> bool:
        return edge.source not in stops and (raising or not edge.is_unwinding)

    edges = completed(event for one in begun for event in events_at(graph, one))
    return any(event in ends for event in reach(edges, passes))


def _ends(resource: str, hold: Hold, holds: bool) -> bool:
    return resource == hold.resource and not holds


def _is_on(call: ast.Call, hold: Hold, scope: Scope) -> bool:
    root = root_of(call)
    return root is not None and text_of(root, scope) == hold.resource
