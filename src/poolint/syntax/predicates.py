"""Functions that say only whether something holds of what they are passed: ``def is_open(conn): return conn is not None``."""

from __future__ import annotations

import ast
from typing import NamedTuple

from poolint.syntax.scopes import Scope, home_of


class Predicate(NamedTuple):
    """What a call of such a function asks: the test, the function that it stands in, and what is passed for its parameters."""

    test: ast.expr
    scope: Scope
    passed: dict[str, ast.expr]


def predicate(call: ast.Call, scope: Scope) -> Predicate | None:
    """What a call asks; None where what it calls is no function of this file, under its own name, that does nothing else."""
    home = home_of(call.func.id, scope) if isinstance(call.func, ast.Name) else None
    if home is None or len(home.bindings[call.func.id]) != 1:  # type: ignore[attr-defined]
        return None
    inner = next((one for one in home.children if one.kind == "function" and one.name == call.func.id), None)  # type: ignore[attr-defined]
    node = inner.node if inner is not None else None
    if inner is None or not isinstance(node, ast.FunctionDef) or node.decorator_list or len(node.body) > 2:
        return None
    said = node.body[-1]
    if not isinstance(said, ast.Return) or said.value is None or (len(node.body) > 1 and not _is_text(node.body[0])):
        return None
    names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    passed = dict(zip(names, call.args, strict=False))
    passed.update((one.arg, one.value) for one in call.keywords if one.arg in names)
    if len(passed) != len(call.args) + len(call.keywords) or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    return Predicate(said.value, inner, passed)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
