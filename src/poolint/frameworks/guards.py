"""Which functions of a project its framework runs before another one, because of what decorates that: Flask's ``before_request``
before each view, and the loader of Flask-Login's users before a view that asks for one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import nearest
from poolint.types.unmodelled import path_to
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.framework_rows import Guard
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Guards:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._registered: dict[tuple[str, tuple[str, ...]], list[tuple[ast.expr, Scope]]] = {}
        rows = (one for several in ev.models.hooks.values() for one in several)
        self._frameworks = {root for roots, hook in rows if hook.runs == "request" for root in roots}

    def of(self, function: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """The functions that run before one, each with the decorator of that which lets them."""
        around = function.parent or function
        for one in getattr(function.node, "decorator_list", ()):
            target = one.func if isinstance(one, ast.Call) else one
            row = self.ev.models.guards.get(last_name(target))
            if row is None or not self._is_meant(row, target, around):
                continue
            for by, guard in self._of_row(row, function.module):
                if guard is not function and (
                    last_name(by) not in row.of_same or self._concerns(row, by, guard, target, around)
                ):
                    yield one, guard

    def _is_meant(self, row: Guard, target: ast.expr, scope: Scope) -> bool:
        """Whether a decorator is one of a row: those of applications are so by their names, unless the application is known to be
        one of another framework."""
        if not any("." in name for name in row.names):
            return isinstance(target, ast.Attribute) and not self._is_of_another(row, target.value, scope)
        return self.ev.qualified_name(self.ev.type_of(target, scope)) in row.names

    def _is_of_another(self, row: Guard, application: ast.expr, scope: Scope) -> bool:
        """Whether an application, or a part of one, is made by another framework than that which has the guards of a row."""
        roots = {name.partition(".")[0] for name in row.of_all}
        path = path_to(self.ev, application, scope) if roots else ()
        return bool(path) and path[0].name.partition(".")[0] in self._frameworks - roots

    def _of_row(self, row: Guard, module: Module) -> list[tuple[ast.expr, Scope]]:
        """The functions of a project that are registered to run before others, each with what registers it."""
        project = self.ev.project
        key = (project.root_of(module), row.runs)
        if key not in self._registered:
            paths = dict.fromkeys(path for word in row.runs for path in project.saying(word, module))
            found = (project.module(path) for path in paths)
            self._registered[key] = [each for one in found if one is not None for each in _registered(row, one)]
        return self._registered[key]

    def _concerns(self, row: Guard, by: ast.expr, guard: Scope, target: ast.expr, scope: Scope) -> bool:
        """Whether what a function is registered with is that of another one, or what all belong to."""
        assert isinstance(by, ast.Attribute)
        home = guard.parent or guard
        bindings = nearest(by.value.id, home) if isinstance(by.value, ast.Name) else ()
        makers = {name.rpartition(".")[2] for name in row.of_all}
        if bindings and all(
            one.kind == "parameter" or (isinstance(one.value, ast.Call) and last_name(one.value.func) in makers)
            for one in bindings
        ):
            return True
        is_same = isinstance(target, ast.Attribute) and ast.dump(target.value) == ast.dump(by.value)
        return is_same and guard.module is scope.module


def _registered(row: Guard, module: Module) -> Iterator[tuple[ast.expr, Scope]]:
    for scope in module.scope.descendants():
        for one in getattr(scope.node, "decorator_list", ()) if scope.kind == "function" else ():
            target = one.func if isinstance(one, ast.Call) else one
            if isinstance(target, ast.Attribute) and target.attr in row.runs:
                yield target, scope
