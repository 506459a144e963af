"""Whether tasks that are started at once stand in each other's way at a pool, or take turns there for a moment each."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.seen_writes import is_seen
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.syntax.second_tries import is_after_a_failure
from poolint.syntax.surroundings import end_of, start_of

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope

_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.BoolOp,
    ast.match_case,
    ast.Lambda,
)


def is_crowded(services: Services, node: ast.expr, witness: Witness, scope: Scope) -> bool:
    """Whether the tasks that ``node`` starts crowd a pool, where ``witness`` is how each of them takes a connection.

    They do where who starts them keeps a connection meanwhile, which none of them can have, or where each goes for its own
    at once and keeps it for more than to read something: for a transaction that writes, or while it waits for something
    else. Who has waited for something else before comes when others are done.
    """
    if services.holdings.at(node, scope):
        return True
    return not _come_one_by_one(services, witness, scope) and _is_kept(services, witness)


def _come_one_by_one(services: Services, witness: Witness, starter: Scope) -> bool:
    """Whether each task waits for something else before it takes a connection; what its starter waits for comes before all."""
    return any(
        _is_before(call, link.node) and services.slow.of_call(call, link.scope) is not None
        for link in witness.links
        if link.scope is not starter
        for call in link.scope.calls
        if call.lineno <= link.node.lineno and call is not link.node
    )


def _is_kept(services: Services, witness: Witness) -> bool:
    """Whether who takes a connection is seen to write with it, or to wait for something else or another one meanwhile, where
    nothing has failed. A pool's own query gives it back at once."""
    last = witness.links[-1]
    fact = services.call(last.node, last.scope) if isinstance(last.node, ast.Call) else None
    if fact is not None and fact.role == "query":
        return is_seen(services.evaluator, fact, last.scope)
    for link in reversed(witness.links):
        if not _uses(link.node, link.scope):
            continue  # it passes it to its caller
        for call in link.scope.calls:
            is_earlier = (call.lineno, call.col_offset) <= (link.node.lineno, link.node.col_offset)
            if is_earlier or is_after_a_failure(call):
                continue
            for effects in (services.writing, services.slow_at_first, services.taking_at_first):
                if effects.of_call(call, link.scope) is not None:
                    return True
        return _sets_an_attribute(link.node, link.scope)
    return True


def _sets_an_attribute(taking: ast.expr, scope: Scope) -> bool:
    """Whether a function sets an attribute of some object once it has taken a connection: that of an entity is written."""
    return any(
        isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and one.lineno > taking.lineno
        and not (isinstance(one.value, ast.Name) and one.value.id == "self")
        for one in ast.walk(scope.node)
    )


def _uses(taking: ast.expr, scope: Scope) -> bool:
    """Whether a function works with the connection that a call in it takes."""
    return bool(index_of(scope).names_of(taking)) and not scope.is_generator


def _is_before(call: ast.Call, node: ast.expr) -> bool:
    """Whether every way to ``node`` has passed a call, as far as the blocks around it tell."""
    if end_of(call) > start_of(node):
        return False
    around = set[ast.AST]()
    current: ast.AST | None = node
    while current is not None:
        around.add(current)
        current = parent_of(current)
    current = parent_of(call)
    while current is not None and current not in around:
        if isinstance(current, _BRANCHES):
            return False
        current = parent_of(current)
    return True
