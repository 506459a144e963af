"""Whether a connection is set to commit each statement by itself: by its engine, where it is taken, or right after. So are the
sessions of SQLAlchemy before 2.0 that are made with ``autocommit=True``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.types.following import origin
from poolint.types.values import alternatives, is_of_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_autocommit(ev: Evaluator, call: ast.expr, scope: Scope) -> bool:
    """Whether the connection that ``call`` takes, or a session, is one of these; what cannot be known is not."""
    models = ev.models
    behind = [*_behind(ev, call, scope)]
    if any(_says_so(models, one) for one in (*behind, *_chained(call))) or any(map(_is_made_so, behind)):
        return True
    index = index_of(scope)
    if index.sets_autocommit is None:
        index.sets_autocommit = _set_on(models, scope)
    return not index.sets_autocommit.isdisjoint(index.names_of(call))


def _behind(ev: Evaluator, call: ast.expr, scope: Scope) -> Iterator[ast.Call]:
    """The calls that make what a connection is taken from, or a session is an attribute of, and the call that takes it."""
    node, seen = call, set[ast.expr]()
    while node not in seen:
        seen.add(node)
        end = origin(ev, node, scope)
        node, scope = end.node, end.scope
        if isinstance(node, ast.Call):
            yield node
            node = node.func
        elif not isinstance(node, ast.Attribute) or not _is_of_library(ev, node.value, scope):
            return
        node = node.value if isinstance(node, ast.Attribute) else node


def _is_of_library(ev: Evaluator, owner: ast.expr, scope: Scope) -> bool:
    """Whether an object is one of a library's class: what that is made with, it hands to its sessions."""
    found = alternatives(ev.type_of(owner, scope))
    return bool(found) and all(map(is_of_library, found))


def _chained(call: ast.expr) -> Iterator[ast.Call]:
    """What is called on the connection in the expression that takes it."""
    outer = parent_of(call)
    while isinstance(outer, (ast.Await, ast.Attribute, ast.Call)):
        if isinstance(outer, ast.Call):
            yield outer
        outer = parent_of(outer)


def _set_on(models: Models, scope: Scope) -> frozenset[str]:
    """The names in a scope on which a call says so."""
    roots = (one.func.value for one in scope.calls if isinstance(one.func, ast.Attribute) and _says_so(models, one))
    return frozenset(root.id for root in roots if isinstance(root, ast.Name))


def _is_made_so(call: ast.Call) -> bool:
    """Whether what makes connections of a driver, or a pool of them, says so: itself, or in what it hands on to the driver."""
    handed = [one.value for one in call.keywords if isinstance(one.value, ast.Dict)]
    told = [one.value for one in call.keywords if one.arg == "autocommit"]
    for each in handed:
        items = zip(each.keys, each.values, strict=False)
        told += [value for key, value in items if isinstance(key, ast.Constant) and key.value == "autocommit"]
    return any(isinstance(one, ast.Constant) and one.value is True for one in told)


def _says_so(models: Models, call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else ""
    if name in models.words("sets-autocommit"):
        return any(isinstance(one, ast.Constant) and one.value is True for one in call.args)
    if name not in models.words("sets-isolation"):
        return False
    return any(
        isinstance(one, ast.Constant) and one.value == "AUTOCOMMIT"
        for keyword in call.keywords
        for one in ast.walk(keyword.value)
    )
