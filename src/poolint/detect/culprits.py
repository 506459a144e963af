"""Of all that may raise and loses a checkout in the same way: what is likeliest to do so."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.witnesses import unwinding
from poolint.analyses.pools import is_checkout
from poolint.flow.escapes import passes_on
from poolint.models.schema import POOLING
from poolint.syntax.expressions import without_await
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.state import Config
    from poolint.analyses.lifetimes.typestate import Outcome, Raised
    from poolint.detect.leaks import LeakProblem
    from poolint.flow.cfg import Edge
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def likeliest(ev: Evaluator, outcome: Outcome, edges: list[Edge], scope: Scope) -> list[Edge]:
    """The path ``edges``, on which something raises, or one that leads through what is likelier to raise to the same end.

    That is a call on the connection, or what it has given, or that is passed one of them, before a call of a library that
    reaches something outside and what the function raises itself, and these before all else. A pool whose connection cannot
    be made has opened nothing so far, so that comes last.
    """
    alike = _raised_alike(outcome, edges)
    if not alike:
        return edges
    best = begun = alike[0]
    rank = _rank(ev, begun.edge, begun.standing[1].names, scope)
    for one in alike[1:]:
        if rank == 0:
            break
        other = _rank(ev, one.edge, one.standing[1].names, scope)
        if other < rank:
            best, rank = one, other
    if best is begun:
        return edges
    rest = edges[next(index for index, edge in enumerate(edges) if edge is begun.edge) + 1 :]
    return [*outcome.found.witness(best.standing), best.edge, *rest]


def fails_to_begin(site: Site, problem: LeakProblem, outcome: Outcome, edges: list[Edge]) -> bool:
    """Whether nothing raises but the call by which a subscription begins: one that cannot connect has given the connection back
    to its pool (redis-py 5.0), and what fails right after it has connected is very rare."""
    if site.cls.kind != "subscription" or problem not in ("exception", "half-built"):
        return False
    calls = (without_await(one.edge.source.node) for one in _raised_alike(outcome, edges))
    methods = [one.func if isinstance(one, ast.Call) else None for one in calls]
    return bool(methods) and all(
        isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in site.names
        for one in methods
    )


def _raised_alike(outcome: Outcome, edges: list[Edge]) -> list[Raised]:
    """What raises on the path ``edges``, and after it all else that may raise and comes to the same end; none where nothing
    does."""
    first = unwinding(edges)
    begun = next((one for one in outcome.raised if one.edge is first), None)
    if first is None or begun is None:
        return []
    end = (first.target, _owed(begun.after))
    others = (one for one in outcome.raised if one is not begun and not passes_on(one.edge))
    return [begun, *(one for one in others if (one.edge.target, _owed(one.after)) == end)]


def _owed(config: Config) -> Config:
    """The same standing of a connection whether or not anything was done in a transaction: it is owed as much."""
    return config._replace(state="open") if config.state == "fresh" else config


def _rank(ev: Evaluator, edge: Edge, names: frozenset[str], scope: Scope) -> int:
    node = edge.source.node
    call = without_await(node)
    if edge.source.kind == "raise":
        return 1
    if not isinstance(call, ast.Call):
        return 2
    fact = call_site(ev, call, scope)
    if fact is not None and fact.cls is not None and fact.cls.kind in POOLING and is_checkout(fact):
        return 3
    used = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
    if not used.isdisjoint(names) or any(_is_given_by(name, names, scope) for name in used):
        return 0
    return 1 if fact is not None and fact.row is not None and (fact.row.effect or fact.role == "query") else 2


def _is_given_by(name: str, names: frozenset[str], scope: Scope) -> bool:
    """Whether a method of one of some names has given what a name stands for: ``cursor = connection.cursor()``."""
    values = (one.value for one in scope.bindings.get(name, ()) if one.kind in ("assign", "with"))
    made = (without_await(one) for one in values)
    return any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and isinstance(one.func.value, ast.Name)
        and one.func.value.id in names
        for one in made
    )
