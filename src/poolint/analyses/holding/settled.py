"""What the dependencies of an endpoint settle for those that run after them: one that raises unless a setting is on."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.syntax.guards import parts_of, tests_before, tests_passed
from poolint.syntax.scopes import home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.syntax.scopes import Scope


class Settled:
    """The settings of modules that are known to be on or off once some dependencies have returned."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, bool]] = set()

    def add(self, dependency: Scope) -> None:
        """Note what a dependency asks for and raises without."""
        body = getattr(dependency.node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in ast.walk(statement)):
                return
            if isinstance(statement, ast.Assert) or _raises(statement):
                self._known.update(_outcomes(tests_passed(statement), dependency))

    def rule_out(self, node: ast.AST, dependency: Scope) -> bool:
        """Whether what a later dependency does is not reached, for what is known."""
        if not self._known:
            return False
        before = _outcomes(tests_before(node, dependency), dependency)
        return any((thing, name, not holds) in self._known for thing, name, holds in before)


def _outcomes(tests: Iterable[tuple[ast.expr, bool]], scope: Scope) -> Iterator[tuple[str, str, bool]]:
    for whole, outcome in tests:
        for test, holds in parts_of(whole, outcome):
            root, _, path = name_of(test).partition(".")
            home = home_of(root, scope) if root else None
            if home is not None and home.kind == "module":
                yield _thing(root, home), path, holds


def _thing(name: str, home: Scope) -> str:
    """What a name of a module stands for, alike for all that import it in the same way, relative ones from the same folder."""
    imported = {(one.origin, one.level) for one in home.bindings[name]}
    origin, level = imported.pop()
    if imported or not origin:
        return f"{home.module.path}:{name}"
    return f"{level}:{os.path.dirname(home.module.path)}:{origin}" if level else origin


def _raises(statement: ast.stmt) -> bool:
    """Whether a statement asks for something, and raises where that comes out one way."""
    return isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], ast.Raise)
