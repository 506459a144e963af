"""Whether a call inside a function is made at all, for what is known of the arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

Known = tuple[tuple[str, object], ...]
"""The values of parameters that a call fixes: constants, and the defaults of those that it does not pass."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TESTED_IN = (ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword)
"""Where a parameter stands whose value decides about something, here or in a function that is called."""

_UNKNOWN: Final = object()


def tested_parameters(callee: Scope) -> frozenset[str]:
    """The parameters that a function only reads, and that its conditions look at, or those of what it passes them to."""
    node = callee.node
    if not isinstance(node, _FUNCTIONS):
        return frozenset()
    names = {one.arg for one in _all_arguments(node.args)}
    names = {name for name in names if len(callee.bindings.get(name, ())) == 1 and name not in callee.declared}
    return frozenset(
        name for name in names for load in callee.loads.get(name, ()) if isinstance(parent_of(load), _TESTED_IN)
    )


def known(call: ast.Call, callee: Scope, tested: frozenset[str], caller: Known) -> Known:
    """What a call fixes of the parameters that its callee tests; ``caller`` is what is known where the call stands."""
    node = callee.node
    if not tested or not isinstance(node, _FUNCTIONS):
        return ()
    given: dict[str, object] = {}
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return ()
    arguments = node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if callee.enclosing_class is not None and positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    passed = dict(zip(positional, call.args, strict=False))
    passed.update((one.arg, one.value) for one in call.keywords if one.arg is not None)
    defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    defaults.update(
        (one.arg, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    )
    values = dict(caller)
    for name in tested:
        if name in passed:
            value = _value(passed[name], values)
        elif name in defaults:
            value = _value(defaults[name], {})
        else:
            continue
        if value is not _UNKNOWN:
            given[name] = value
    return tuple(sorted(given.items()))


def is_excluded(node: ast.AST, scope: Scope, fixed: Known) -> bool:
    """Whether a call of ``scope`` stands where its function does not come with these values of its parameters."""
    values = dict(fixed)
    current = node
    while current is not scope.node:
        parent = parent_of(current)
        if parent is None:
            return False
        if isinstance(parent, (ast.If, ast.IfExp)) and current is not parent.test:
            holds = _truth(parent.test, values)
            orelse = parent.orelse if isinstance(parent.orelse, list) else [parent.orelse]
            if holds is not None and holds is any(current is one for one in orelse):
                return True
        if isinstance(parent, ast.BoolOp):
            ends = not isinstance(parent.op, ast.And)
            before = parent.values[: next(at for at, one in enumerate(parent.values) if one is current)]
            if any(_truth(one, values) is ends for one in before):
                return True
        if isinstance(current, ast.stmt) and any(_leaves(one, values) for one in _before(current, parent)):
            return True
        current = parent
    return False


def _before(statement: ast.stmt, parent: ast.AST) -> Iterator[ast.stmt]:
    """The statements before this one in its block."""
    for block in (getattr(parent, name, ()) for name in ("body", "orelse", "finalbody")):
        if any(statement is one for one in block):
            for one in block:
                if one is statement:
                    return
                yield one


def _leaves(statement: ast.stmt, values: dict[str, object]) -> bool:
    """Whether a statement is a condition that holds, and then leaves the function."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.body[-1], (ast.Return, ast.Raise))
        and _truth(statement.test, values) is True
    )


def _truth(test: ast.expr, values: dict[str, object]) -> bool | None:
    """Whether a condition holds; None where that is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(test.operand, values)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        ends = not isinstance(test.op, ast.And)
        parts = [_truth(one, values) for one in test.values]
        if ends in parts:
            return ends
        return None if None in parts else not ends
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = _value(test.left, values), _value(test.comparators[0], values)
        if left is _UNKNOWN or right is _UNKNOWN:
            return None
        if isinstance(test.ops[0], (ast.Is, ast.Eq)):
            return left == right
        return left != right if isinstance(test.ops[0], (ast.IsNot, ast.NotEq)) else None
    value = _value(test, values)
    return None if value is _UNKNOWN else bool(value)


def _value(node: ast.expr, values: dict[str, object]) -> object:
    if isinstance(node, ast.Constant):
        return node.value if _is_plain(node.value) else _UNKNOWN
    return values.get(node.id, _UNKNOWN) if isinstance(node, ast.Name) else _UNKNOWN


def _is_plain(value: object) -> bool:
    """Whether a constant can be stored and sent: no ellipsis, and no number that takes more than 64 bits."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, (str, bytes, float))


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
