"""Middlewares: methods of the project that a framework calls for each message, and that run the rest, the handler of that among
it, where they call what they are passed for it: ``return await handler(event, data)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.frameworks.hooks import roots_of_callers
from poolint.syntax.expressions import item_asked
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Rest(NamedTuple):
    """Where a middleware runs the rest: its class and method, the ``call``, and what it passes the handler by the names of its
    parameters, ``data["session"] = session``, or has by them, each with where."""

    cls: Scope
    method: Scope
    call: ast.Call
    passed: tuple[tuple[str, ast.expr, ast.AST], ...]


class Middlewares:
    """Answers for the functions of one project: which middlewares run around one."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._methods = {tuple(one.rpartition(".")[::2]) for one in ev.models.manners["runs-handler"]}
        self._roots = {cls.partition(".")[0] for cls, _ in self._methods}
        self._found: dict[tuple[str, str], list[Rest]] = {}

    def around(self, function: Scope) -> Iterator[Rest]:
        """Those of the framework that calls a function, as far as the project makes objects of their classes."""
        for root in sorted(self._roots & roots_of_callers(self.ev, function)):
            key = (self.ev.project.root_of(function.module), root)
            if key not in self._found:
                self._found[key] = list(self._of_project(root, function.module))
            yield from self._found[key]

    def _of_project(self, root: str, near: Module) -> Iterator[Rest]:
        bases = {cls.rpartition(".")[2] for cls, _ in self._methods if cls.partition(".")[0] == root}
        paths = dict.fromkeys(path for one in sorted(bases) for path in self.ev.project.saying(one, near))
        for module in filter(None, map(self.ev.project.module, paths)):
            for cls in module.scope.children:
                if cls.kind == "class" and self._is_made(cls):
                    yield from self._of_class(cls)

    def _of_class(self, cls: Scope) -> Iterator[Rest]:
        own = {
            self.ev.qualified_name(self.ev.type_of(base, cls.module.scope)) for base in getattr(cls.node, "bases", ())
        }
        for method in cls.children:
            if any((base, method.name) in self._methods for base in own):
                calls = (one for one in method.calls if isinstance(one.func, ast.Name))
                for call in calls:
                    if is_parameter(call.func.id, method):  # type: ignore[attr-defined]
                        yield Rest(cls, method, call, tuple(_passed(call, method)))

    def _is_made(self, cls: Scope) -> bool:
        init = next((one for one in cls.children if one.name == "__init__"), None)
        made = self.ev.callers.of(init) if init is not None else self.ev.callers.making(cls)
        return next(iter(made), None) is not None


def _passed(call: ast.Call, method: Scope) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """What a middleware puts under names into one of the arguments by which it runs the rest, or has taken out of it."""
    for data in filter(None, map(last_name, call.args)):
        for stored in method.module.stored_in(data):
            key = _key(parent_of(stored.node))
            if stored.scope is method and key and stored.value is not None:
                yield key, stored.value, stored.node
        for bound in (one for several in method.bindings.values() for one in several):
            taken = item_asked(bound.value) if isinstance(bound.value, ast.Call) else bound.value
            is_taken = isinstance(taken, ast.Subscript) and last_name(taken.value) == data
            if is_taken and isinstance(bound.node, ast.Name) and (key := _key(taken)):
                yield key, bound.node, bound.node


def _key(item: ast.AST | None) -> str:
    """The text by which an item is asked for."""
    key = item.slice.value if isinstance(item, ast.Subscript) and isinstance(item.slice, ast.Constant) else None
    return key if isinstance(key, str) else ""
