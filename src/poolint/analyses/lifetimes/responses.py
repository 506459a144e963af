"""Responses that keep a connection of a client's pool until they are read: who owes that they are, or are closed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import passed_for
from poolint.analyses.lifetimes.destinations import may_lend, target_of
from poolint.analyses.lifetimes.state import End
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, Method
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import assigned, is_parameter, parent_of
from poolint.syntax.surroundings import call_taking, method_call, with_await
from poolint.types.call_sites import call_site, callees_of
from poolint.types.following import origin
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.flow.cfg import Node
    from poolint.models.schema import Class
    from poolint.syntax.module import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_PLAINLY: frozenset[Passage] = frozenset()


class Lenders:
    """The functions of one project that may hand on such a response, as far as words tell."""

    def __init__(self, ev: Evaluator) -> None:
        self._words = ev.vocabulary.lends
        self._names: dict[Module, frozenset[str]] = {}

    def of(self, module: Module) -> frozenset[str]:
        """The names of those in a module."""
        found = self._names.get(module)
        if found is None:
            scopes = (one for one in module.scope.descendants() if one.kind == "function" and one.returns)
            found = self._names[module] = frozenset(
                one.name for one in scopes if any(map(may_lend, one.calls_named(self._words)))
            )
        return found


def is_streamed(ev: Evaluator, cls: Class, fact: CallSite, value: ast.expr, scope: Scope) -> bool:
    """Whether a call gives a response that has a connection of a client's pool, where that client outlives the function, and
    that is not read as it is gone over, by a library that it is passed to, or by an attribute where no event tells of it."""
    return _is_asked_for(fact) and _outlives(_client(fact, scope), scope) and _is_unread(ev, cls, value, scope)


def is_handed_on(ev: Evaluator, cls: Class, fact: CallSite, value: ast.expr, scope: Scope) -> bool:
    """Whether a function returns such a response as it has come, by ``value`` or by the one name that this has."""
    if not _is_asked_for(fact) or not _outlives(_client(fact, scope), scope):
        return False
    name = target_of(parent_of(value), value, scope)
    if name is None:
        return isinstance(parent_of(value), ast.Return)
    for load in scope.loads.get(name, ()):
        parent = parent_of(load)
        row = ev.models.method(cls, parent.attr) if isinstance(parent, ast.Attribute) else None
        is_plain = isinstance(parent, ast.Attribute) and parent.attr not in cls.reads
        is_plain = is_plain and (row is None or not (row.exhausts or row.role in CLOSING_ROLES))
        if not (is_plain or isinstance(parent, ast.Return)):
            return False
    return True


def is_owed(ev: Evaluator, cls: Class, fact: CallSite, node: ast.Call, inner: Scope, scope: Scope) -> bool:
    """Whether who calls a function that hands on a response, which it has by the call ``fact``, owes that it is read: the
    client outlives the caller as well."""
    if not _is_unread(ev, cls, with_await(node), scope):
        return False
    client = _client(fact, inner)
    if client is None or not is_parameter(client.id, inner):
        return client is not None
    callees = callees_of(ev, node, scope)
    callee = callees[0] if len(callees) == 1 and isinstance(callees[0], Function) else None
    if callee is None:
        return False
    is_own = (
        callee.receiver is not None and inner.first_parameter is not None and inner.first_parameter.arg == client.id
    )
    given = node.func if is_own else passed_for(client.id, node, callee)
    return given is not None and _outlives(_root(given), scope)


def is_read_later(ev: Evaluator, value: ast.expr, scope: Scope) -> bool:
    """Whether a value is a response that is still to be read, for which its client has to be open."""
    made = origin(ev, value, scope, _PLAINLY)
    fact = call_site(ev, made.node, made.scope, use_evidence=False) if isinstance(made.node, ast.Call) else None
    return fact is not None and may_owe(fact) and _is_asked_for(fact)


def may_owe(fact: CallSite) -> bool:
    """Whether a call may give such a response, always or where its arguments say so."""
    return isinstance(fact.row, Method) and bool(fact.row.owes or fact.row.owes_unless)


def _is_asked_for(fact: CallSite) -> bool:
    """Whether a call gives a response that is read later, always or since its arguments say so."""
    row = fact.row
    if not isinstance(row, Method) or row.owes == "always":
        return isinstance(row, Method)
    said = {one.arg: one.value.value for one in fact.node.keywords if isinstance(one.value, ast.Constant)}
    return said.get(row.owes) is True or said.get(row.owes_unless) is False


def _is_unread(ev: Evaluator, cls: Class, value: ast.expr, scope: Scope) -> bool:
    name = target_of(parent_of(value), value, scope)
    if name is None:
        return False
    return not any(_reads(ev, cls, one, scope) for one in (scope.loads.get(name, ()) if name else (value,)))


def read_by(node: Node, names: frozenset[str], cls: Class) -> End | None:
    """What an event does that reads the response of one of these names by an attribute, as far as events tell of that: see
    :func:`_is_told`. What it is passed to, or what is made of it, may read it later."""
    if node.kind == "call" and isinstance(node.node, ast.Call):
        values = [node.node.func.value] if isinstance(node.node.func, ast.Attribute) else []
        values += call_arguments(node.node)
    else:
        values = [node.value] if node.kind == "iterate" and node.value is not None else []
    for one in values:
        if isinstance(one, ast.Attribute) and one.attr in cls.reads and name_of(one.value) in names:
            around = parent_of(node.node) if method_call(one) is not None else None
            is_read = node.kind == "iterate" or isinstance(around, (ast.Await, ast.For, ast.AsyncFor))
            return End("released", "method") if is_read else End("handed", "packed")
    return None


def _is_told(attribute: ast.Attribute) -> bool:
    """Whether an event tells where an attribute is read: something is called on it or with it, or it is gone over."""
    is_gone_over = isinstance(parent_of(attribute), (ast.For, ast.AsyncFor))
    return is_gone_over or method_call(attribute) is not None or call_taking(attribute) is not None


def _reads(ev: Evaluator, cls: Class, use: ast.expr, scope: Scope) -> bool:
    """Whether a response is read where it stands, by no method of it; a library may read what is like a file."""
    parent = parent_of(use)
    if isinstance(parent, ast.Attribute):
        return parent.attr in cls.reads and not (isinstance(use, ast.Name) and _is_told(parent))
    if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)):
        return parent.iter is use
    taking, row = call_taking(use), ev.models.method(cls, "read")
    if taking is None or row is None or row.call != "sync":
        return False
    return not any(isinstance(one, Function) for one in callees_of(ev, taking[0], scope))


def _client(fact: CallSite, scope: Scope) -> ast.Name | None:
    """The name that a client is reached by; where that is a name for a part of something, the name of this."""
    root = _root(fact.node.func.value) if isinstance(fact.node.func, ast.Attribute) else None
    part = assigned(root.id, scope) if root is not None else None
    return _root(part) if isinstance(part, (ast.Attribute, ast.Subscript)) else root


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def _outlives(client: ast.Name | None, scope: Scope) -> bool:
    """Whether a client is not the function's own."""
    return client is not None and all(one.kind == "parameter" for one in scope.bindings.get(client.id, ()))
