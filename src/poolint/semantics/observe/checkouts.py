"""Observations about checkouts that nothing in their function gives back.

Ownership is followed as far as syntax and the first-party callees show it: whoever is handed the checkout and may keep
or release it owns it from then on, and this function is silent about it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.calls import call_fact
from poolint.semantics.facts import Observation, UnreleasedCheckout
from poolint.semantics.observe.common import may_await, step
from poolint.semantics.scopes import parent_of
from poolint.semantics.types import Instance, alternatives
from poolint.semantics.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.diagnostics import Step
    from poolint.models.schema import Class
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.facts import CallFact
    from poolint.semantics.ownership import Ownership
    from poolint.semantics.scopes import Scope
    from poolint.semantics.vocabulary import Vocabulary

_RESOURCES = frozenset({"session", "connection"})
_TAKES = frozenset({"checkout", "open"})
_USES = frozenset({"query", "stream", "flush", "refresh"})


def observe(ev: Evaluator, vocabulary: Vocabulary, ownership: Ownership, scope: Scope) -> Iterator[Observation]:
    """The checkouts of ``scope`` that stay with a local name and are never released."""
    if scope.kind != "function":
        return
    for node in scope.calls:
        value: ast.expr = node
        parent = parent_of(node)
        if isinstance(parent, ast.Await):
            value, parent = parent, parent_of(parent)
        name = _target(parent, value)
        if name is None or name in scope.globals or not _is_likely(node, name, vocabulary, scope):
            continue
        fact, cls = _checkout(ev, node, value, scope)
        if fact is None or cls is None or ownership.leaves(name, scope, cls):
            continue
        uses = _uses(ev, name, cls, scope)
        if not uses and fact.role == "open":
            continue  # a session that was made but never used holds nothing
        yield UnreleasedCheckout(node, scope.qualified_name, may_await(node, scope), fact, name, cls, uses)


def _is_likely(node: ast.Call, name: str, vocabulary: Vocabulary, scope: Scope) -> bool:
    """Whether the words fit: something that takes a connection, or a name on which a resource's methods are called."""
    if last_name(node.func) in vocabulary.takes:
        return True
    parents = map(parent_of, scope.loads.get(name, ()))
    return any(isinstance(one, ast.Attribute) and one.attr in vocabulary.of_resources for one in parents)


def _target(parent: ast.AST | None, value: ast.expr) -> str | None:
    """The single local name that the value is assigned to."""
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    if isinstance(parent, ast.AnnAssign) and parent.value is value and isinstance(parent.target, ast.Name):
        return parent.target.id
    return None


def _checkout(ev: Evaluator, node: ast.Call, value: ast.expr, scope: Scope) -> tuple[CallFact | None, Class | None]:
    """The fact of a call that takes a connection or opens a session, and the class of what it gives."""
    fact = call_fact(ev, node, scope, use_evidence=False)
    if fact is None:
        return None, None
    one = ev.type_of(value, scope)
    kinds = {
        member.base.name: member.base for member in alternatives(one) if isinstance(member, Instance) and member.base
    }
    if len(kinds) != 1 or len(kinds) != len(alternatives(one)):
        return None, None
    (cls,) = kinds.values()
    if cls.kind not in _RESOURCES:
        return None, None
    if fact.row is not None:
        return (fact, cls) if fact.role in _TAKES else (None, None)
    if fact.cls is not None:
        return (fact, cls) if fact.cls.construct in _TAKES and not _borrows(ev, node, scope) else (None, None)
    return None, None


def _borrows(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a session is made on a connection that somebody else holds: it has no slot of its own."""
    for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
        for one in alternatives(ev.type_of(argument, scope)):
            if isinstance(one, Instance) and one.base is not None and one.base.kind == "connection":
                return True
    return False


def _uses(ev: Evaluator, name: str, cls: Class, scope: Scope) -> tuple[Step, ...]:
    """Where the resource is first used for something that holds a connection."""
    for load in scope.loads.get(name, ()):
        attribute = parent_of(load)
        if not isinstance(attribute, ast.Attribute):
            continue
        row = ev.models.method(cls, attribute.attr)
        if row is not None and row.role in _USES:
            return (step(f"`{name}.{attribute.attr}()` uses the connection", attribute, scope.module),)
    return ()
