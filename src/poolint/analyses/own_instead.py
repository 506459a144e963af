"""What a function makes itself where a parameter was None, and goes on with under the same name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asks_none
from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        return _is_named(value.values[0], name)
    if isinstance(value, ast.IfExp):
        kept = ((value.body, False), (value.orelse, True))
        return any(_is_named(one, name) and _asks_absence(value.test, truth, name) for one, truth in kept)
    return is_where_none(binding.node, name, scope)


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_where_none(node: ast.AST, name: str, scope: Scope) -> bool:
    """Whether a place is come to only where a parameter was None: there its name stands for one that is made here."""
    return _stands_in_absence(node, name, scope) or _is_where_absent(node, name, scope)


def _is_where_absent(node: ast.AST, name: str, scope: Scope) -> bool:
    """The same, as a flag says."""
    for test, outcome in _tests_around(node, scope):
        flag, truth = unnegated(test, outcome)
        if isinstance(flag, ast.Name) and flag.id != name and _tells_absence(flag.id, truth, name, scope):
            return True
    return False


def _stands_in_absence(node: ast.AST, name: str, scope: Scope) -> bool:
    """The same, as ``if name is None:`` around it says."""
    return any(_asks_absence(test, outcome, name) for test, outcome in _tests_around(node, scope))


def _tests_around(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of the ``if`` statements around a node in its function, the innermost first, and how each has come out."""
    child, parent = node, parent_of(node)
    while parent is not None and parent is not scope.node:
        if isinstance(parent, ast.If) and child is not parent.test:
            yield parent.test, any(child is one for one in parent.body)
        child, parent = parent, parent_of(parent)


def _tells_absence(flag: str, truth: bool, name: str, scope: Scope) -> bool:
    """Whether ``flag`` is ``truth`` only if the parameter ``name`` was None."""
    bindings = scope.bindings.get(flag, ())
    return bool(bindings) and all(
        one.kind in ("assign", "annotated")
        and one.value is not None
        and (
            _is_constant(one.value, not truth)
            or _asks_absence(one.value, truth, name)
            or _stands_in_absence(one.node, name, scope)
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
