"""What a loop goes over where that is written out: ``for query in (first, second)``, ``for name, query in QUERIES.items()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import EAGER, PAIRING
from poolint.types.following import origin

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAX_STEPS = 6
_SAME = EAGER | {"reversed", "iter"}
"""Builtins that give the items of their argument, in whatever order."""


def items(ev: Evaluator, binding: Binding, scope: Scope) -> list[tuple[ast.expr, Scope]]:
    """The expressions that the name of a loop or comprehension stands for one after the other, each with its scope; none where
    they are not written out, all or some of them."""
    if binding.kind != "for" or binding.value is None:
        return []
    return _items(ev, binding.value, scope, binding.index, _MAX_STEPS)


def _items(ev: Evaluator, node: ast.expr, scope: Scope, index: int, steps: int) -> list[tuple[ast.expr, Scope]]:
    """The items of a collection, or, where ``index`` is one, that part of each."""
    node, scope = origin(ev, node, scope)
    if steps <= 0:
        return []
    if isinstance(node, ast.Call):
        return _of_call(ev, node, scope, index, steps - 1)
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)):
        found = node.elts
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        found = [node.elt]
    else:
        return _pairs(node, scope, 0) if index < 0 else []
    parts = found if index < 0 else [one for each in found if (one := _part(each, index)) is not None]
    is_all = len(parts) == len(found) and not any(isinstance(one, ast.Starred) for one in parts)
    return [(one, scope) for one in parts] if is_all else []


def _of_call(ev: Evaluator, call: ast.Call, scope: Scope, index: int, steps: int) -> list[tuple[ast.expr, Scope]]:
    """The items of what a call gives of a collection: its own, its values or pairs, or those of several side by side."""
    function, given = call.func, call.args
    if isinstance(function, ast.Attribute) and not given:
        owner = origin(ev, function.value, scope)
        if function.attr == "items" and index in (0, 1):
            return _pairs(owner.node, owner.scope, index)
        if function.attr in ("values", "keys") and index < 0:
            return _pairs(owner.node, owner.scope, int(function.attr == "values"))
    if not (isinstance(function, ast.Name) and given):
        return []
    if function.id in PAIRING and index >= 0:
        sides = given if function.id == "zip" else [ast.Constant(0), given[0]]
        return _items(ev, sides[index], scope, -1, steps) if index < len(sides) else []
    return _items(ev, given[0], scope, index, steps) if function.id in _SAME else []


def _pairs(node: ast.expr, scope: Scope, side: int) -> list[tuple[ast.expr, Scope]]:
    """The keys or the values of a dictionary."""
    if isinstance(node, ast.DictComp):
        return [((node.key, node.value)[side], scope)]
    if not isinstance(node, ast.Dict) or None in node.keys:
        return []
    return [(one, scope) for one in (node.keys, node.values)[side] if one is not None]


def _part(node: ast.expr, index: int) -> ast.expr | None:
    is_tuple = isinstance(node, (ast.Tuple, ast.List)) and not any(isinstance(one, ast.Starred) for one in node.elts)
    return node.elts[index] if is_tuple and index < len(node.elts) else None  # type: ignore[attr-defined]
