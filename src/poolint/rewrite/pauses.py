"""Where a session that has only been read from could end its transaction before something else is waited for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.derived import Derived
from poolint.analyses.plain_data import Values
from poolint.analyses.session_options import expires
from poolint.flow.cfg import TooComplex
from poolint.flow.liveness import Reads
from poolint.models.schema import SESSIONS
from poolint.rewrite.reads import only_reads
from poolint.syntax.captures import is_captured
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import is_inside
from poolint.types.annotated import is_given_in_sight
from poolint.types.call_sites import call_site
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Pause(NamedTuple):
    """The statement before which a commit of ``resource`` changes nothing but that its connection is given back."""

    statement: ast.stmt
    resource: str


def pause(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Pause | None:
    """Where the session that is held at ``node`` can be committed; None where that may write, or expire what is read."""
    holds = holdings.at(node, scope)
    hold = holds[0] if len(holds) == 1 else None
    if scope.kind != "function" or hold is None or hold.header is not None or hold.cls is None:
        return None
    is_named = all(part.isidentifier() for part in hold.resource.split("."))
    if hold.cls.kind not in SESSIONS or not is_named or holdings.changes(scope).before:
        return None
    if not _is_own(ev, holdings, hold.resource, scope):
        return None
    statement = _outside_loops(statement_of(node), hold, holdings, scope)
    if isinstance(statement, (ast.While, ast.For, ast.AsyncFor, ast.Return)) and not _is_before(hold, statement):
        return None  # it would have to be committed in each round
    if is_inside(hold.since, statement_of(node)) or _is_iterating(ev, hold, node, scope):
        return None
    if not only_reads(ev, holdings, hold.resource, scope, _end_of_loops(node, scope)):
        return None
    try:
        return Pause(statement, hold.resource) if _is_done(ev, holdings, hold, node, scope) else None
    except TooComplex:
        return None


def _is_own(ev: Evaluator, holdings: Holdings, resource: str, scope: Scope) -> bool:
    """Whether a function may commit a session: it has made it, commits it anyway, or a framework has made it for it."""
    changes = holdings.changes(scope).calls
    if any(one.resource == resource and one.reverse and not one.holds for found in changes.values() for one in found):
        return True
    found = [one for one in scope.bindings.get(resource, ()) if one.kind != "narrowed"]
    if len(found) != 1:
        return False
    if found[0].kind == "parameter":
        return is_given_in_sight(ev, found[0], scope)
    value = found[0].value.value if isinstance(found[0].value, ast.Await) else found[0].value
    return found[0].kind in ("with", "assign") and isinstance(value, ast.Call) and _makes(ev, value, scope)


def _makes(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a session that nobody else has: of a library, or by a context manager of the project."""
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is not None and fact.cls is not None:
        return fact.role == "open" or (fact.row is None and fact.cls.construct == "open")
    return any(
        isinstance(one, Function) and len(one.scope.yields) == 1 for one in alternatives(ev.type_of(call.func, scope))
    )


def _outside_loops(statement: ast.stmt, hold: Hold, holdings: Holdings, scope: Scope) -> ast.stmt:
    """The statement, or the outermost loop around it in which the session is not used."""
    changes = holdings.changes(scope).calls
    uses = [call for call, found in changes.items() if any(one.resource == hold.resource for one in found)]
    current, place = parent_of(statement), statement
    while current is not None and current is not scope.node:
        if isinstance(current, (ast.For, ast.AsyncFor, ast.While)):
            if not _is_before(hold, current) or any(is_inside(one, current) for one in uses):
                break
            place = current
        current = parent_of(current)
    return place


def _is_before(hold: Hold, statement: ast.stmt) -> bool:
    """Whether a connection is held since before a statement that has a suite, and not since something in that."""
    if isinstance(statement, ast.Return):
        return True
    return (hold.since.lineno, hold.since.col_offset) < (statement.lineno, statement.col_offset)


def _is_iterating(ev: Evaluator, hold: Hold, node: ast.AST, scope: Scope) -> bool:
    """Whether a loop around a place may still read from the session."""
    values = Values(ev, scope)
    current = parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, (ast.For, ast.AsyncFor)):
            for one in ast.walk(current.iter):
                is_own = isinstance(one, (ast.Name, ast.Attribute)) and ast.unparse(one) == hold.resource
                if is_own and not values.is_whole(current.iter):
                    return True
                if isinstance(one, ast.Name) and one.id in scope.bindings and not values.is_plain_name(one.id):
                    return True
                if isinstance(one, ast.Name) and _is_open(ev, one, scope):
                    return True
        current = parent_of(current)
    return False


def _is_open(ev: Evaluator, name: ast.Name, scope: Scope) -> bool:
    return any(
        isinstance(one, Instance) and one.base is not None and one.base.kind in ("result", "cursor", "query")
        for one in alternatives(ev.type_of(name, scope))
    )


def _end_of_loops(node: ast.AST, scope: Scope) -> tuple[int, int]:
    """Where the outermost loop around a place ends: all in it may have happened before."""
    place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    current = parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, (ast.For, ast.AsyncFor, ast.While)):
            place = (current.end_lineno or 0, current.end_col_offset or 0)
        current = parent_of(current)
    return place


def _is_done(ev: Evaluator, holdings: Holdings, hold: Hold, node: ast.Call, scope: Scope) -> bool:
    """Whether nothing that the session has given is needed any more, if a commit would take it away."""
    reads = Reads(scope, holdings.graph(scope))
    statement = statement_of(node)
    here = set(ast.walk(statement))
    starts = tuple(one for event in (node, parent_of(node)) if event is not None for one in reads.graph.nodes_of(event))
    values = Values(ev, scope)
    own = hold.resource.partition(".")[0]
    stays = hold.cls is not None and hold.cls.mode == "async" and expires(ev, hold.resource, scope) is False
    lazy = set(_lazy(ev, hold, reads, scope))
    for name in scope.loads:
        if name == own or name not in scope.bindings:
            continue
        later = [one for one in scope.loads[name] if one in here] + reads.seeing(starts, name)
        if any(one in lazy for one in later) and not values.is_read_out(name):
            return False
        if later and not stays and not values.is_plain_name(name):
            return False
        if is_captured(name, scope) and not values.is_plain_name(name):
            return False
    return bool(starts)


def _lazy(ev: Evaluator, hold: Hold, reads: Reads, scope: Scope) -> list[ast.Name]:
    """The reads of what still reads from the connection."""
    bindings = scope.bindings.get(hold.resource, ())
    starts = tuple(event for one in bindings for event in reads.graph.nodes_of(one.node)) or (reads.graph.entry,)
    found = Derived(ev, scope, reads, hold.resource, starts, hold.cls).mentions
    return [one.load for one in found if not one.origin.is_resource]
