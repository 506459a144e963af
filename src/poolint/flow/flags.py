"""Flags: what is tested again and again in a function, so that a release under ``if owned:`` is understood.

A flag is a name or a dotted name (``self.owned``, ``args.write``), known to be true or false; None counts as false.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

_BRANCHES = (ast.If, ast.IfExp, ast.BoolOp, ast.While)


def tested_names(scope: Scope) -> frozenset[str]:
    """Flags of a function: what it tests for truth or None and tests, copies or sets once more."""
    found: Counter[str] = Counter()
    for name, loads in scope.loads.items():
        for load in loads:
            node: ast.AST = load
            parent = parent_of(load)
            while isinstance(parent, ast.Attribute):
                node, parent = parent, parent_of(parent)
            if isinstance(parent, ast.Compare) and _asks_none(parent) and parent.left is node:
                parent = parent_of(parent)
            if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
                parent = parent_of(parent)
            if isinstance(parent, (*_BRANCHES, ast.Assign)):
                found[name_of(node) if node is not load else name] += 1
    return frozenset(name for name, number in found.items() if number > 1 or _is_set(name, scope))


def _is_set(name: str, scope: Scope) -> bool:
    """Whether the function itself says what a name is."""
    return any(one.kind != "parameter" for one in scope.bindings.get(name, ()))


def name_of(node: ast.AST) -> str:
    """A name or dotted name as written; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _asks_none(test: ast.Compare) -> bool:
    (other,) = test.comparators[:1]
    is_none = isinstance(other, ast.Constant) and other.value is None
    return len(test.ops) == 1 and is_none and isinstance(test.ops[0], (ast.Is, ast.IsNot))


def asked(test: ast.expr, truth: bool) -> tuple[str, bool]:
    """What a test that comes out as ``truth`` says: a flag and whether that is true; no name where it says nothing."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    if isinstance(test, ast.Compare) and _asks_none(test):
        return name_of(test.left), truth is isinstance(test.ops[0], ast.IsNot)
    return name_of(test), truth


class Flags:
    """The flags of a function, its ``names``, and what is known of them at its places."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.names = tested_names(scope)
        self._settings: dict[int, tuple[dict[ast.AST, int], list[int]]] = {}
        """Of each block the place of its statements, and the places of those that may set a flag."""

    def known_at(self, call: ast.Call) -> frozenset[tuple[str, bool]]:
        """What is known of the flags where ``call`` stands: by the tests around it and the constants set before it."""
        if not self.names:
            return frozenset()
        known: dict[str, bool] = {}
        conditions: dict[str, bool] = {}
        """Tests around the call, by their dump: ``owned = conn is None`` is true under ``if conn is None:``."""
        current: ast.AST = statement_of(call)
        while current is not self.scope.node:
            parent = parent_of(current)
            if parent is None:
                break
            for field in ("body", "orelse", "finalbody"):
                block = parent.__dict__.get(field)
                if isinstance(block, list) and current in self._places(block)[0]:
                    for statement in self._before(block, current):
                        _constants(statement, self.names, known, conditions)
                    if isinstance(parent, ast.If):
                        _tested(parent.test, field == "body", self.names, known)
                        conditions[ast.dump(parent.test)] = field == "body"
            current = parent
        return frozenset(known.items())

    def _before(self, block: list[ast.stmt], current: ast.AST) -> Iterator[ast.stmt]:
        """The statements of a block before ``current`` that may set a flag, the last one first."""
        places, setting = self._places(block)
        for index in range(bisect_left(setting, places[current]) - 1, -1, -1):
            yield block[setting[index]]

    def _places(self, block: list[ast.stmt]) -> tuple[dict[ast.AST, int], list[int]]:
        found = self._settings.get(id(block))
        if found is None:
            setting = [index for index, one in enumerate(block) if isinstance(one, (ast.Assign, ast.AnnAssign))]
            setting = [index for index in setting if not self.names.isdisjoint(_targets(block[index]))]
            places: dict[ast.AST, int] = {one: index for index, one in enumerate(block)}
            found = self._settings[id(block)] = (places, setting)
        return found


def _targets(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [one.id for one in targets if isinstance(one, ast.Name)]


def _constants(statement: ast.stmt, names: frozenset[str], known: dict[str, bool], conditions: dict[str, bool]) -> None:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return
    value = statement.value
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if not isinstance(target, ast.Name) or target.id not in names:
            continue
        if target.id in known:
            if isinstance(value, ast.Name) and value.id in names:
                known.setdefault(value.id, known[target.id])  # `working = session`, and that was tested
        elif isinstance(value, ast.Constant) and isinstance(value.value, (bool, type(None))):
            known[target.id] = bool(value.value)
        elif value is not None and conditions.get(ast.dump(value)) is not None:
            known[target.id] = conditions[ast.dump(value)]


def _tested(test: ast.expr, truth: bool, names: frozenset[str], known: dict[str, bool]) -> None:
    name, value = asked(test, truth)
    if name in names:
        known.setdefault(name, value)
    if truth and isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for part in test.values:
            _tested(part, True, names, known)
