"""The one engine or pool of its kind that a project makes: what comes in by a parameter, an attribute or an application, and
whose origin nobody can follow, is that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import POOLING, SESSIONS
from poolint.syntax.file_kinds import is_test, kinds_of
from poolint.syntax.scopes import is_parameter
from poolint.syntax.surroundings import COMPREHENSIONS, around, is_in_loop
from poolint.types.values import Instance, Pending, Type, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_Family = tuple[str, str]
"""What only objects of one kind are taken for: engines of a mode, with the makers of sessions for them, or a class of pool."""


class OnlyPools:
    """Finds them, for one evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._names = frozenset(name.rpartition(".")[2] for name in ev.models.makers)
        self._made: dict[tuple[str, _Family], tuple[ast.Call, Scope] | None] = {}

    def behind(self, node: ast.expr, scope: Scope) -> tuple[ast.Call, Scope] | None:
        """The call that makes what an expression must be, with its scope: no other one of the project makes its like, tests and
        migrations aside, and it makes no several. None where that cannot be said."""
        family = _family(self.ev.type_of(node, scope))
        if family is None:
            return None
        key = (scope.module.path, family)  # who asks rests on what is told
        if key not in self._made:
            self._made[key] = self._find(family, scope.module)
        return self._made[key]

    def _find(self, family: _Family, near: Module) -> tuple[ast.Call, Scope] | None:
        calls: list[tuple[ast.Call, Scope]] = []
        for module in self._modules(near):
            found = [*self._makers(family, module)] if not is_test(module, self.ev.project) else []
            kinds = kinds_of(module, "", self.ev.models, self.ev.project, near.path) if found else frozenset()
            if "scripts" in kinds:
                return None  # it is that of the script, and others who use the same functions have theirs
            if not kinds:
                calls += found
        return calls[0] if len(calls) == 1 and not self._makes_several(*calls[0]) else None

    def _modules(self, near: Module) -> Iterator[Module]:
        project = self.ev.project
        paths = {path: None for name in sorted(self._names) for path, _ in project.calling(name, near)}
        for path in paths:
            module = project.module(path)
            if module is not None:
                yield module

    def _makers(self, family: _Family, module: Module) -> Iterator[tuple[ast.Call, Scope]]:
        for scope in module.scope.descendants():
            for call in scope.calls_named(self._names):
                one = self.ev.type_of(call, scope)
                made = one.awaited if isinstance(one, Pending) else one
                if _family(made) == family:
                    yield call, scope

    def _makes_several(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call may make more than one: in a loop, by what its function is passed, or for each object of a class."""
        if is_in_loop(call, scope) or around(call, scope, COMPREHENSIONS) is not None:
            return True
        cls, own = scope.enclosing_class, scope.first_parameter
        names = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
        if cls is not None and own is not None:
            names.discard(own.arg)
        if any(is_parameter(name, scope) for name in names):
            return True
        return cls is not None and not self._is_one(cls, scope)

    def _is_one(self, cls: Scope, method: Scope) -> bool:
        """Whether a project makes one object of a class, or needs none for a method of it."""
        if {last_name(one) for one in getattr(method.node, "decorator_list", ())} & {"classmethod", "staticmethod"}:
            return True
        init = next((one for one in cls.children if one.name == "__init__"), None)
        made = self.ev.callers.of(init) if init is not None else self.ev.callers.making(cls)
        return sum(not is_test(inner.module, self.ev.project) for _, inner in made) == 1


def _family(one: Type) -> _Family | None:
    found = {_family_of(each) for each in alternatives(one)}
    return found.pop() if len(found) == 1 else None


def _family_of(one: Type) -> _Family | None:
    base = one.base if isinstance(one, Instance) else None
    if base is None:
        return None
    if base.kind == "factory" and isinstance(one, Instance) and len(one.arguments) == 1:
        made = one.arguments[0]
        base = made.base if isinstance(made, Instance) else None
        return ("engine", base.mode) if base is not None and base.kind in SESSIONS else None
    if base.kind not in POOLING:
        return None
    return ("engine", base.mode) if base.kind == "engine" else ("pool", base.name)
