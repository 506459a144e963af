"""Factories of sessions that are given another engine after they were made: ``Local.configure(bind=engine)``, as a worker that
has been forked does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import bind_of
from poolint.analyses.pool_limits import is_unpooled
from poolint.types.following import origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Origin
    from poolint.types.following import Passage

_BY_NAMES: frozenset[Passage] = frozenset(("import", "attribute"))


class Rebound:
    """Answers for the factories of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._found: dict[tuple[ast.AST, str], bool] = {}

    def is_unpooled(self, factory: ast.expr, scope: Scope) -> bool:
        """Whether some function gives a factory an engine that keeps no connections."""
        made = origin(self.ev, factory, scope, _BY_NAMES)
        if not isinstance(made.node, ast.Call):
            return False
        key = (made.node, scope.module.path)  # each module that asks rests on what is found
        if key not in self._found:
            self._found[key] = any(
                isinstance(one.node, ast.Call) and is_unpooled(self.ev, one.node, one.scope)
                for one in self._binds(made, scope.module)
            )
        return self._found[key]

    def _binds(self, made: Origin, near: Module) -> Iterator[Origin]:
        """What makes the engines that a factory is given."""
        for path, _ in self.ev.project.calling("configure", near):
            module = self.ev.project.module(path)
            for inner in module.scope.descendants() if module is not None else ():
                for call in inner.calls_of("configure"):
                    bind = bind_of(call) if isinstance(call.func, ast.Attribute) else None
                    if bind is not None and origin(self.ev, call.func.value, inner, _BY_NAMES).node is made.node:  # type: ignore[attr-defined]
                        yield origin(self.ev, bind, inner, _BY_NAMES)
