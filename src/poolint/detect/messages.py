"""Whether a message that is sent has to do with what its sender has written, and not yet committed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.written import writes_of
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of, statement_of
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.effects import Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope

_MAX_STEPS = 3
"""Assignments between a name and what it is made of."""


def concerns_what_is_written(services: Services, hold: Hold, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether the receiver of what ``node`` sends, as a witness tells, may look for what the function writes: one is made of what
    the other is made of. It may where nothing is sent but that it is time, and where nobody sees what is written.

    Who gets all that he needs misses nothing, and neither does a task of the project that waits for a mail server, not for
    a database.
    """
    if _looks_nowhere(services, witness):
        return False
    arguments = call_arguments(node) if isinstance(node, ast.Call) else []
    ignored = {hold.resource.partition(".")[0], "self", "cls"}
    sent = _names(arguments, scope) - ignored
    writes = writes_of(services, hold, scope)
    written = [_names([*_parts(one)], scope) - ignored for one in writes]
    if not sent or not written or not all(written):
        return True
    return not _made_of(sent, scope).isdisjoint(_made_of(set().union(*written), scope))


def _looks_nowhere(services: Services, witness: Witness) -> bool:
    """Whether what is sent is a task of the project that is seen to wait for something outside, and for no database."""
    last = witness.links[-1]
    sender = last.node.func if isinstance(last.node, ast.Call) else None
    if not isinstance(sender, ast.Attribute):
        return False
    found = [*alternatives(services.evaluator.type_of(sender.value, last.scope))]
    return bool(found) and all(
        isinstance(one, Function)
        and services.slow.of_function(one.scope) is not None
        and all(each.of_function(one.scope) is None for each in (services.database, services.asking))
        for one in found
    )


def _parts(write: ast.expr) -> Iterable[ast.expr]:
    """What a call that writes is passed and gives, or the object of which an attribute is set."""
    if isinstance(write, ast.Attribute):
        return [write.value]
    statement = statement_of(write)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    value = parent_of(write)
    is_kept = isinstance(statement, ast.Assign) and statement.value in (write, value)
    assert isinstance(write, ast.Call)
    own = write.func.value if isinstance(write.func, ast.Attribute) else None
    given = [*write.args, *(one.value for one in write.keywords), *([own] if own is not None else [])]
    return [*given, *(targets if is_kept else ())]


def _names(nodes: Iterable[ast.expr], scope: Scope) -> set[str]:
    """The names of the function, or of one around it, that expressions are made of."""
    found = {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}
    return {name for name in found if _is_bound(name, scope)}


def _is_bound(name: str, scope: Scope | None) -> bool:
    while scope is not None and scope.kind != "module":
        if name in scope.bindings:
            return True
        scope = scope.parent
    return False


def _made_of(names: set[str], scope: Scope) -> set[str]:
    """Names with those that their values are made of."""
    found, fresh = set(names), set(names)
    for _ in range(_MAX_STEPS):
        values = [one.value for name in fresh for one in scope.bindings.get(name, ()) if one.value is not None]
        fresh = _names(values, scope) - found
        found |= fresh
    return found
