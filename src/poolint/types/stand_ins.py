"""What a parameter must be that nothing declares and that need not be passed: the same as what stands in for it then,
``db = session or new_session()``, ``if conn is None: conn = connect()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of
from poolint.types.values import UNKNOWN, Instance, Type, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def stand_in(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """What stands in for the parameter that ``binding`` binds, where its default is None: an object of a library."""
    if not (
        isinstance(binding.node, ast.arg) and isinstance(binding.value, ast.Constant) and binding.value.value is None
    ):
        return UNKNOWN
    found = known([ev.type_of(one, scope) for one in _made(binding.node.arg, scope)])
    return found if isinstance(found, Instance) and found.base is not None else UNKNOWN


def _made(name: str, scope: Scope) -> Iterator[ast.expr]:
    """The expressions that give a parameter of a function where it is None."""
    for load in scope.loads.get(name, ()):
        parent = parent_of(load)
        if isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or) and parent.values[0] is load:
            yield from (one for one in parent.values[1:] if _makes(one))
        for statement in _where_missing(parent, scope) if isinstance(parent, (ast.Compare, ast.UnaryOp)) else ():
            for one in statement.body:
                targets = one.targets if isinstance(one, ast.Assign) and _makes(one.value) else []
                if isinstance(one, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in targets):
                    yield one.value


def _where_missing(test: ast.Compare | ast.UnaryOp, scope: Scope) -> Iterator[ast.If]:
    """The branches that are taken where a test asks for None and finds it: ``if x is None``, ``if not x``; or by the name of
    what the test says, ``own = x is None``."""
    if isinstance(test, ast.UnaryOp) or not isinstance(test.left, ast.Name):
        asks = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    else:
        asks = isinstance(test.ops[0], ast.Is)
    parent = parent_of(test) if asks else None
    if isinstance(parent, ast.If):
        yield parent
    elif isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        for load in scope.loads.get(parent.targets[0].id, ()):
            branch = parent_of(load)
            if isinstance(branch, ast.If):
                yield branch


def _makes(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) or (isinstance(node, ast.Await) and isinstance(node.value, ast.Call))
