"""Flags: local names that are set to constants and tested, so that a release under ``if owned:`` is understood."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.scopes import parent_of, statement_of

if TYPE_CHECKING:
    from poolint.semantics.scopes import Scope


def tested_names(scope: Scope) -> frozenset[str]:
    """Names that are tested for their truth somewhere in a function."""
    found = set()
    for name, loads in scope.loads.items():
        for load in loads:
            parent = parent_of(load)
            if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
                parent = parent_of(parent)
            if isinstance(parent, (ast.If, ast.IfExp, ast.BoolOp, ast.While)):
                found.add(name)
    return frozenset(found)


def known_at(call: ast.Call, names: frozenset[str], scope: Scope) -> frozenset[tuple[str, bool]]:
    """What is known of these names where ``call`` stands: by the tests around it and the constants set before it."""
    known: dict[str, bool] = {}
    conditions: dict[str, bool] = {}
    """Tests around the call, by their dump: ``owned = conn is None`` is true under ``if conn is None:``."""
    current: ast.AST = statement_of(call)
    while current is not scope.node:
        parent = parent_of(current)
        if parent is None:
            break
        for field in ("body", "orelse", "finalbody"):
            block = parent.__dict__.get(field)
            if isinstance(block, list) and any(one is current for one in block):
                for statement in reversed(block[: block.index(current)]):
                    _constants(statement, names, known, conditions)
                if isinstance(parent, ast.If):
                    _tested(parent.test, field == "body", names, known)
                    conditions[ast.dump(parent.test)] = field == "body"
        current = parent
    return frozenset(known.items())


def _constants(statement: ast.stmt, names: frozenset[str], known: dict[str, bool], conditions: dict[str, bool]) -> None:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, ast.Name) and target.id in names and target.id not in known:
            value = statement.value
            if isinstance(value, ast.Constant) and isinstance(value.value, (bool, type(None))):
                known[target.id] = bool(value.value)
            elif value is not None and conditions.get(ast.dump(value)) is not None:
                known[target.id] = conditions[ast.dump(value)]


def _tested(test: ast.expr, truth: bool, names: frozenset[str], known: dict[str, bool]) -> None:
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    if isinstance(test, ast.Name) and test.id in names:
        known.setdefault(test.id, truth)
    if truth and isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for part in test.values:
            _tested(part, True, names, known)
