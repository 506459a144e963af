"""Calls that a function comes to only where something that is kept under a key is not there yet, or no longer.

``if key in kept: return kept[key]`` … ``kept[key] = await load(key)``, each of the two also by a function of the project that is
passed the key. What keeps it outlives the call: it is of a module, or an attribute of the object or of something in a module.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import bound_to
from poolint.flow.flags import asks_none
from poolint.syntax.expressions import first_name, without_await
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import home_of
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class _Kept(NamedTuple):
    """What is kept under a key: the attribute or name that it is kept by, and the key as it is written."""

    by: str
    key: str


def is_behind_a_lookup(ev: Evaluator, node: ast.AST, scope: Scope) -> bool:
    """Whether ``node`` is run only where a look-up by some key has found nothing, and its function keeps what it has made
    instead under the same key."""
    missed = (one for test, outcome in tests_before(node, scope) for one in _missed(test, is_true=outcome))
    asked = {one for each in missed for one in _asked(ev, each, scope)}
    return bool(asked) and not asked.isdisjoint(_put(ev, scope, getattr(node, "lineno", 0)))


def _missed(test: ast.expr, *, is_true: bool) -> Iterator[ast.expr]:
    """What is missing where a test comes out like that."""
    for one, holds in parts_of(test, is_true):
        if not isinstance(one, ast.Compare):
            if not holds:
                yield one
        elif isinstance(one.ops[0], (ast.In, ast.NotIn)) and isinstance(one.ops[0], ast.NotIn) is holds:
            yield ast.Subscript(one.comparators[0], one.left, ast.Load())
        elif asks_none(one) and isinstance(one.ops[0], ast.Is) is holds:
            yield one.left


def _asked(ev: Evaluator, found: ast.expr, scope: Scope) -> Iterator[_Kept]:
    """Where a value has been looked up."""
    values: list[ast.expr] = [found.value if isinstance(found, ast.NamedExpr) else found]
    if isinstance(found, ast.Name):
        values = [one.value for one in scope.bindings.get(found.id, ()) if one.value is not None]
    for one in map(without_await, values):
        yield from _read(one, scope)
        if isinstance(one, ast.Call):
            for inner, names in _passed(ev, one, scope):
                reads = (each for part in walk(inner.node) for each in _read(part, inner))
                yield from (_Kept(each.by, names[each.key]) for each in reads if each.key in names)


def _put(ev: Evaluator, scope: Scope, row: int) -> Iterator[_Kept]:
    """Where a function keeps something from a row on."""
    yield from _written(scope, row)
    for call in scope.calls:
        if (call.end_lineno or 0) >= row and len(call.args) + len(call.keywords) > 1:
            for inner, names in _passed(ev, call, scope):
                yield from (_Kept(one.by, names[one.key]) for one in _written(inner, 0) if one.key in names)


def _read(node: ast.AST, scope: Scope) -> Iterator[_Kept]:
    """What an expression looks up, by an item, a test of it, or a method."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _kept(node.value, node.slice, scope)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        yield from _kept(node.func.value, node.args[0], scope)
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        yield from _kept(node.comparators[0], node.left, scope)


def _written(scope: Scope, row: int) -> Iterator[_Kept]:
    """What a function puts into something from a row on, by an item, or by a method that is given more than the key."""
    for one in walk(scope.node):
        if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store) and one.lineno >= row:
            yield from _kept(one.value, one.slice, scope)
    for call in scope.calls:
        is_put = (call.end_lineno or 0) >= row and len(call.args) > 0 and len(call.args) + len(call.keywords) > 1
        if is_put and isinstance(call.func, ast.Attribute):
            yield from _kept(call.func.value, call.args[0], scope)


def _kept(keeper: ast.expr, key: ast.expr, scope: Scope) -> Iterator[_Kept]:
    """A keeper that outlives the call: of the object that a method has, or of a module."""
    own = scope.first_parameter if scope.enclosing_class is not None else None
    root = first_name(keeper)
    home = home_of(root, scope) if root else None
    is_own = own is not None and root == own.arg and isinstance(keeper, ast.Attribute)
    is_of_a_module = isinstance(keeper, (ast.Name, ast.Attribute)) and home is not None and home.kind == "module"
    if is_own or is_of_a_module:
        by = keeper.attr if isinstance(keeper, ast.Attribute) else root
        yield _Kept(by, ast.dump(key))


def _passed(ev: Evaluator, call: ast.Call, scope: Scope) -> Iterator[tuple[Scope, dict[str, str]]]:
    """The functions of the project that a call runs, with what it passes for their parameters, both as they are written."""
    for one in callees_of(ev, call, scope):
        if isinstance(one, Function):
            given = bound_to(one.scope, call, is_method=one.receiver is not None)
            yield one.scope, {ast.dump(ast.Name(name, ast.Load())): ast.dump(each) for name, each in given.items()}
