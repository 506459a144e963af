"""Calls that a function comes to only where something that it keeps under a key is not there yet, or no longer.

``if key in kept: return kept[key]`` … ``kept[key] = await load(key)``, the two of them methods or helpers too: what reads and
what writes is told by the key that both are given, whatever they are called.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asks_none
from poolint.syntax.expressions import first_name, without_await
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import block_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

_DISPLAYS = (ast.Dict, ast.DictComp, ast.List, ast.ListComp)


def is_behind_a_lookup(node: ast.AST, scope: Scope) -> bool:
    """Whether ``node`` is run only where a look-up by some key has found nothing, and its function keeps what it has made
    instead under the same key."""
    asked = {key for one in _lookups(node, scope) for key in _keys(one, scope)}
    return bool(asked) and any(key in asked for key in _kept(node, scope))


def _lookups(node: ast.AST, scope: Scope) -> Iterator[ast.expr]:
    """What is found where ``node`` is not run: what a condition around it misses, or one before it returns."""
    child: ast.AST = node
    parent = parent_of(child)
    while parent is not None and child is not scope.node:
        if isinstance(child, ast.stmt):
            if isinstance(parent, ast.If):
                yield from _missed(parent.test, is_true=child in parent.body)
            block = block_of(child)
            for one in block[: block.index(child)]:
                if isinstance(one, ast.If) and isinstance(one.body[-1], ast.Return):
                    yield from _returned(one, one.body[-1].value)
        child, parent = parent, parent_of(parent)


def _missed(test: ast.expr, *, is_true: bool) -> Iterator[ast.expr]:
    """What is missing where a test comes out like that."""
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is is_true:
            for one in test.values:
                yield from _missed(one, is_true=is_true)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _missed(test.operand, is_true=not is_true)
    elif isinstance(test, ast.Compare):
        if isinstance(test.ops[0], (ast.In, ast.NotIn)) and isinstance(test.ops[0], ast.NotIn) is is_true:
            yield ast.Subscript(test.comparators[0], test.left, ast.Load())
        elif asks_none(test) and isinstance(test.ops[0], ast.Is) is is_true:
            yield test.left
    elif not is_true:
        yield test


def _returned(guard: ast.If, value: ast.expr | None) -> Iterator[ast.expr]:
    """What a condition returns, where that is what it has found there."""
    found = list(_missed(guard.test, is_true=False))
    if value is None or not found:
        return
    given = without_await(value)
    names = {one.id for one in walk(given) if isinstance(one, ast.Name)}
    for one in found:
        if isinstance(one, ast.Subscript) or any(isinstance(each, ast.Name) and each.id in names for each in walk(one)):
            yield one
    if isinstance(given, ast.Subscript):
        yield given


def _keys(found: ast.expr, scope: Scope) -> Iterator[str]:
    """The keys by which a value has been looked up."""
    values: list[ast.expr] = [found.value if isinstance(found, ast.NamedExpr) else found]
    if isinstance(found, ast.Name):
        values = [one.value for one in scope.bindings.get(found.id, ()) if one.value is not None]
    for one in map(without_await, values):
        key = one.slice if isinstance(one, ast.Subscript) else None
        if isinstance(one, ast.Call) and one.args:
            key = one.args[0]
        if key is not None and _is_key(key, scope) and not _is_of_this_call(one, scope):
            yield ast.dump(key)


def _kept(node: ast.AST, scope: Scope) -> Iterator[str]:
    """The keys under which a function keeps something once it has come to ``node``, by an item or by a call that it gives more
    than the key."""
    row = getattr(node, "lineno", 0)
    for call in scope.calls:
        if (call.end_lineno or 0) >= row and call.args and len(call.args) + len(call.keywords) > 1:
            yield ast.dump(call.args[0])
    for one in walk(scope.node):
        if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store) and one.lineno >= row:
            yield ast.dump(one.slice)


def _is_of_this_call(asked: ast.expr, scope: Scope) -> bool:
    """Whether what is asked is a collection of this very call: its arguments, or one that it has put together."""
    owner = first_name(asked)
    arguments = getattr(scope.node, "args", None)
    if isinstance(arguments, ast.arguments) and arguments.kwarg is not None and arguments.kwarg.arg == owner:
        return True
    return any(isinstance(one.value, _DISPLAYS) for one in scope.bindings.get(owner, ()))


def _is_key(node: ast.expr, scope: Scope) -> bool:
    """Whether something is asked nothing itself in a function, as a session is that several functions are passed."""
    if not isinstance(node, ast.Name):
        return not isinstance(node, (ast.Starred, ast.Slice))
    owners = (call.func.value for call in scope.calls if isinstance(call.func, ast.Attribute))
    return not any(isinstance(one, ast.Name) and one.id == node.id for one in owners)
