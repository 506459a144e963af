"""Middlewares: methods of the project that a framework calls for each message, and that run the rest, the handler of that among
it, where they call what they are passed for it: ``return await handler(event, data)``.

They are what a project registers, with the whole application or with a part of it, for one kind of message:
``dp.update.middleware(DbMiddleware())``. Where it is not seen with which, nothing is said.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.frameworks.hooks import roots_of_callers
from poolint.syntax.expressions import item_asked, text_of_key
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import Scope, is_parameter, parent_of
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.framework_rows import Middleware
    from poolint.syntax.project import Module
    from poolint.types.evaluator import Evaluator


class Rest(NamedTuple):
    """Where a middleware runs the rest: its class and method, the ``call``, and what it passes the handler by the names of its
    parameters, ``data["session"] = session``, or has by them, each with where."""

    cls: Scope
    method: Scope
    call: ast.Call
    passed: tuple[tuple[str, ast.expr, ast.AST], ...]


class _Registered(NamedTuple):
    """A middleware that is registered for one kind of message, with a part of the application, ``at``, or with all of it."""

    rests: tuple[Rest, ...]
    event: str
    at: ast.expr | None


class Middlewares:
    """Answers for the functions of one project: which middlewares run around one."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._rows = ev.models.middlewares
        self._methods = {name.rpartition(".")[2] for row in self._rows for name in row.names}
        self._registered: dict[tuple[str, int], list[_Registered]] = {}
        self._parts: dict[tuple[str, int], list[tuple[ast.expr, ast.expr]]] = {}

    def around(self, function: Scope) -> Iterator[Rest]:
        """Those that run around a function which the decorator of a part of an application registers, the first first."""
        if function.name in self._methods and function.enclosing_class is not None:
            return  # it is one itself
        seen: set[ast.Call] = set()
        where, roots = function.parent or function, roots_of_callers(self.ev, function)
        for index, row in enumerate(self._rows):
            if any(name.partition(".")[0] in roots for name in row.names):
                for registered in self._of(index, function.module):
                    if any(self._concerns(registered, index, one, where) for one in _observers(function)):
                        yield from (one for one in registered.rests if one.call not in seen)
                        seen |= {one.call for one in registered.rests}

    def _concerns(self, registered: _Registered, index: int, observer: ast.Attribute, where: Scope) -> bool:
        """Whether a middleware runs around what an observer, ``router.message``, takes handlers for."""
        if registered.event not in (observer.attr, *self._rows[index].first):
            return False
        if registered.at is None:
            return True
        part = origin(self.ev, observer.value, where).node
        return self._is_within(part, registered.at, index, where.module, set())

    def _is_within(self, part: ast.expr, whole: ast.expr, index: int, near: Module, seen: set[ast.expr]) -> bool:
        """Whether a part of an application is another one, or is taken in by it."""
        if part is whole:
            return True
        seen.add(part)
        around = [one for inner, one in self._taken_in(index, near) if inner is part and one not in seen]
        return any(self._is_within(one, whole, index, near, seen) for one in around)

    def _taken_in(self, index: int, near: Module) -> list[tuple[ast.expr, ast.expr]]:
        """The parts that are taken in by others, with these, each by the expression that makes it."""
        key = (self.ev.project.root_of(near), index)
        if key not in self._parts:
            self._parts[key] = [
                (origin(self.ev, one, scope).node, origin(self.ev, call.func.value, scope).node)
                for call, scope in self._calls(self._rows[index].includes, (), near)
                for one in call.args
                if isinstance(call.func, ast.Attribute)
            ]
        return self._parts[key]

    def _of(self, index: int, near: Module) -> list[_Registered]:
        """What the project of a module registers, tests aside."""
        key = (self.ev.project.root_of(near), index)
        if key not in self._registered:
            row = self._rows[index]
            found = (self._registered_by(*one, row) for one in self._calls(row.takes, row.by, near))
            self._registered[key] = [one for one in found if one is not None and one.rests]
        return self._registered[key]

    def _calls(self, words: tuple[str, ...], others: tuple[str, ...], near: Module) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls of what has one of these names, and of ``others`` in the files where these stand."""
        called = frozenset((*words, *others))
        paths = dict.fromkeys(path for word in words for path in self.ev.project.saying(word, near))
        for module in filter(None, map(self.ev.project.module, paths)):
            for scope in module.scope.descendants() if not is_test(module, self.ev.project) else ():
                yield from ((call, scope) for call in scope.calls_named(called))

    def _registered_by(self, call: ast.Call, scope: Scope, row: Middleware) -> _Registered | None:
        """What ``dp.update.middleware(…)`` registers, and ``dp.update.middleware.register(…)``; None for any other call."""
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in row.by:
            function = function.value
        observer = function.value if isinstance(function, ast.Attribute) and function.attr in row.takes else None
        if not isinstance(observer, ast.Attribute) or not call.args:
            return None
        owners = alternatives(self.ev.type_of(observer.value, scope))
        is_whole = observer.attr in row.first or any(
            isinstance(one, Instance) and one.base is not None and one.base.name in row.of_all for one in owners
        )
        made = alternatives(self.ev.type_of(call.args[0], scope))
        rests = tuple(rest for one in made if isinstance(one, Instance) for rest in self._rests(one, row))
        return _Registered(rests, observer.attr, None if is_whole else origin(self.ev, observer.value, scope).node)

    def _rests(self, made: Instance, row: Middleware) -> Iterator[Rest]:
        """Where an object of a class runs the rest, in its own method or in the one that it inherits."""
        classes = lineage(self.ev, made)
        bases = {
            self.ev.qualified_name(self.ev.type_of(base, cls.parent or cls))
            for cls in classes
            for base in getattr(cls.node, "bases", ())
        }
        for name in dict.fromkeys(one.rpartition(".")[2] for one in row.names if one.rpartition(".")[0] in bases):
            own = next((one for cls in classes for one in cls.children if one.name == name), None)
            for call in own.calls if own is not None else ():
                if own is not None and isinstance(call.func, ast.Name) and is_parameter(call.func.id, own):
                    cls = made.cls if isinstance(made.cls, Scope) else own
                    yield Rest(cls, own, call, tuple(_passed(call, own)))


def _observers(function: Scope) -> Iterator[ast.Attribute]:
    """What a function is registered with by its decorators, ``router.message``."""
    for one in getattr(function.node, "decorator_list", ()):
        target = one.func if isinstance(one, ast.Call) else one
        if isinstance(target, ast.Attribute):
            yield target


def _passed(call: ast.Call, method: Scope) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """What a middleware puts under names into one of the arguments by which it runs the rest, or has taken out of it."""
    yield from _items(call)
    for data in filter(None, map(last_name, call.args)):
        for stored in method.module.stored_in(data):
            key = text_of_key(parent_of(stored.node))
            if stored.scope is method and key and stored.value is not None:
                yield key, stored.value, stored.node
        for update in method.calls:
            if (
                isinstance(update.func, ast.Attribute)
                and update.func.attr == "update"
                and last_name(update.func.value) == data
            ):
                yield from _items(update)
        for bound in (one for several in method.bindings.values() for one in several):
            taken = item_asked(bound.value) if isinstance(bound.value, ast.Call) else bound.value
            is_taken = isinstance(taken, ast.Subscript) and last_name(taken.value) == data
            if is_taken and isinstance(bound.node, ast.Name) and (key := text_of_key(taken)):
                yield key, bound.node, bound.node


def _items(call: ast.Call) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """What a call passes under names: ``session=session``, ``{"session": session}``."""
    for named in call.keywords:
        if named.arg is not None:
            yield named.arg, named.value, named.value
    for table in call.args:
        for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ():
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value, value
