"""What a function makes itself where a parameter was None, and goes on with under the same name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asks_none
from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope


def is_for_own(load: ast.Name, scope: Scope) -> bool:
    """Whether a use happens only where the parameter was None on entry, so that it means one made here instead.

    ``owned = session is None`` … ``if owned: session.close()``
    """
    return _is_where_absent(load, load.id, scope)


def is_made_instead(binding: Binding, name: str, scope: Scope) -> bool:
    """Whether a binding of a parameter is for who passes None, or nothing, alone: ``session = session or maker()``, or under
    ``if session is None:``."""
    value = binding.value
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        first = value.values[0]
        return isinstance(first, ast.Name) and first.id == name
    if isinstance(value, ast.IfExp):
        given = (value.body, False) if _asks_absence(value.test, False, name) else (value.orelse, True)
        is_kept = isinstance(given[0], ast.Name) and given[0].id == name
        return is_kept and _asks_absence(value.test, given[1], name)
    return _stands_in_absence(binding, name) or _is_where_absent(binding.node, name, scope)


def is_where_none(node: ast.AST, name: str, scope: Scope) -> bool:
    """Whether a place is come to only where a parameter was None: there its name stands for one that is made here."""
    child = node
    parent = parent_of(node)
    while parent is not None and parent is not scope.node:
        if isinstance(parent, ast.If) and child is not parent.test:
            in_body = any(child is one for one in parent.body)
            if _asks_absence(parent.test, in_body, name):
                return True
        child, parent = parent, parent_of(parent)
    return _is_where_absent(node, name, scope)


def _is_where_absent(node: ast.AST, name: str, scope: Scope) -> bool:
    """The same, as a flag says."""
    child = node
    parent = parent_of(node)
    while parent is not None and parent is not scope.node:
        if isinstance(parent, ast.If) and child is not parent.test:
            in_body = any(child is one for one in parent.body)
            flag, truth = unnegated(parent.test, in_body)
            if isinstance(flag, ast.Name) and flag.id != name and _tells_absence(flag.id, truth, name, scope):
                return True
        child, parent = parent, parent_of(parent)
    return False


def _tells_absence(flag: str, truth: bool, name: str, scope: Scope) -> bool:
    """Whether ``flag`` is ``truth`` only if the parameter ``name`` was None."""
    bindings = scope.bindings.get(flag, ())
    return bool(bindings) and all(
        one.kind in ("assign", "annotated")
        and one.value is not None
        and (
            _is_constant(one.value, not truth) or _asks_absence(one.value, truth, name) or _stands_in_absence(one, name)
        )
        for one in bindings
    )


def _is_constant(value: ast.expr, truth: bool) -> bool:
    return isinstance(value, ast.Constant) and bool(value.value) is truth


def _asks_absence(test: ast.expr, truth: bool, name: str) -> bool:
    """Whether a test that comes out as ``truth`` says that ``name`` is None."""
    test, truth = unnegated(test, truth)
    if isinstance(test, ast.Name):
        return test.id == name and not truth
    if not (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == name):
        return False
    return asks_none(test) and truth is isinstance(test.ops[0], ast.Is)


def _stands_in_absence(binding: Binding, name: str) -> bool:
    """Whether a flag is set inside ``if name is None:``."""
    child: ast.AST = binding.node
    parent = parent_of(child)
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if (
            isinstance(parent, ast.If)
            and child is not parent.test
            and _asks_absence(parent.test, any(child is one for one in parent.body), name)
        ):
            return True
        child, parent = parent, parent_of(parent)
    return False
