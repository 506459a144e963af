"""Observations about releases whose coroutine is awaited on some ways of a function, and forgotten on others."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.flow.liveness import Reads
from poolint.flow.solver import completed, reach
from poolint.models.schema import CLOSING_ROLES
from poolint.syntax.expressions import first_name
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import CallSite, call_site
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class AwaitedAtTimes(Observation, frozen=True, eq=False):
    """A release under the name ``kept``, which a function reads in one branch only, and returns from others."""

    call: CallSite
    kept: str


def observe(services: Services, scope: Scope) -> Iterator[AwaitedAtTimes]:
    """Such releases in ``scope``. Where the name is read in several branches, the ways that pass all of them may not exist."""
    ev = services.evaluator
    for node in scope.calls_named(services.vocabulary.pending):
        statement = parent_of(node)
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name):
            continue
        if len(scope.bindings.get(target.id, ())) != 1:
            continue
        reads = list(reads_of(target.id, scope))
        branch = _branch_of(statement, [load for _, load in reads]) if reads else None
        if branch is None or any(inner is not scope for inner, _ in reads) or _asks(ev, branch, node):
            continue
        if not _is_forgotten_in_one(branch, target.id, node):
            continue
        fact = call_site(ev, node, scope)
        if fact is None or fact.row is None or fact.row.call != "coroutine" or fact.role not in CLOSING_ROLES:
            continue
        if ev.is_told(fact.name, scope) and _returns_without(services, target, scope):
            yield AwaitedAtTimes(node, scope.qualified_name, may_await(node, scope), fact, target.id)


def _branch_of(statement: ast.stmt, loads: list[ast.Name]) -> ast.If | ast.Match | None:
    """The statement behind another one, in the same block, whose branches have all of some reads."""
    found: ast.AST | None = None
    for load in loads:
        current: ast.AST | None = load
        while current is not None and parent_of(current) is not parent_of(statement):
            current = parent_of(current)
        if found not in (None, current):
            return None
        found = current
    return found if isinstance(found, (ast.If, ast.Match)) and found.lineno > statement.lineno else None


def _is_forgotten_in_one(branch: ast.If | ast.Match, name: str, release: ast.Call) -> bool:
    """Whether a branch that is written does not read a name, nor uses what the release is of; or there is one branch alone: of
    several that all read it nobody knows whether there are other ways."""
    bodies = [one.body for one in branch.cases] if isinstance(branch, ast.Match) else []
    current: ast.If | None = branch if isinstance(branch, ast.If) else None
    while current is not None:
        bodies.append(current.body)
        further = current.orelse
        current = further[0] if len(further) == 1 and isinstance(further[0], ast.If) else None
        if further and current is None:
            bodies.append(further)
    read = [[one.id for part in body for one in ast.walk(part) if isinstance(one, ast.Name)] for body in bodies]
    owner = first_name(release.func)
    others = [names for names in read if name not in names]
    return len(bodies) == 1 or any(owner not in names for names in others)


def _asks(ev: Evaluator, branch: ast.If | ast.Match, node: ast.Call) -> bool:
    """Whether a branch is chosen by what the release is called on, or by whether that is asynchronous."""
    test = branch.test if isinstance(branch, ast.If) else branch.subject
    owner = {one.id for one in ast.walk(node.func) if isinstance(one, ast.Name)}
    asking = ev.models.words("asks-coroutine")
    return any(
        (isinstance(one, ast.Name) and one.id in owner and one.id != "self")
        or (isinstance(one, ast.Call) and last_name(one.func) in asking)
        for one in ast.walk(test)
    )


def _returns_without(services: Services, target: ast.Name, scope: Scope) -> bool:
    """Whether a function may return, where nothing has been raised, without having read what it has bound to a name."""
    try:
        graph = services.graphs.of(scope)
    except TooComplex:
        return False
    reads = Reads(scope, graph)
    events = [reads.events(load) for load in scope.loads.get(target.id, ())]
    stops = {one for several in events for one in several}
    begun = [one for one in graph.nodes if one.kind == "store" and one.node is target]
    ways = reach(completed(begun), lambda edge: not edge.is_unwinding and edge.source not in stops)
    return all(events) and any(one is graph.exits["exit-normal"] for one in ways)


DETECTOR = Detector("awaited-at-times", lambda services: partial(observe, services), of="functions")
