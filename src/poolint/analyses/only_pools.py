"""The one engine or pool of its kind that a project makes: what comes in by a parameter, an attribute or an application, and
whose origin nobody can follow, is that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.pool_limits import lets_nobody_wait
from poolint.models.schema import POOLING, SESSIONS
from poolint.syntax.expressions import dotted
from poolint.syntax.file_kinds import is_test, kinds_of
from poolint.syntax.scopes import home_of, is_parameter, parent_of
from poolint.syntax.surroundings import COMPREHENSIONS, around, is_in_loop
from poolint.types.values import Instance, Pending, Type, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_Family = tuple[str, str]
"""What only objects of one kind are taken for: engines of a mode, with the makers of sessions for them, or a class of pool."""


class OnlyPools:
    """Finds them, for one evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._names = ev.models.derived(_names_of_makers)
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

    def all_engines(self, mode: str, near: Module) -> list[tuple[ast.Call, Scope]]:
        """All calls of the project that make engines of a mode, tests and migrations aside; none where scripts make some."""
        return self._all(("engine", mode), near) or []

    def makes_only(self, mode: str, near: Module) -> bool:
        """Whether a project makes engines of a mode, and none of another one, tests and migrations aside."""
        others = {"sync", "async"} - {mode}
        return bool(self.all_engines(mode, near)) and all(self._all(("engine", one), near) == [] for one in others)

    def _find(self, family: _Family, near: Module) -> tuple[ast.Call, Scope] | None:
        calls = [one for one in self._all(family, near) or () if not _stays_inside(self.ev, *one)]
        if len({kept_as(*one) for one in calls}) != 1 or any(self._makes_several(*one) for one in calls):
            return None
        # Where one branch has a pool that others wait for, as beside a file for who develops it, that is meant.
        return next((one for one in calls if not lets_nobody_wait(self.ev, *one)), calls[0])

    def _all(self, family: _Family, near: Module) -> list[tuple[ast.Call, Scope]] | None:
        """All calls that make one of a kind; None where that of a script is among them."""
        calls: list[tuple[ast.Call, Scope]] = []
        for module in self._modules(near):
            found = [*self._makers(family, module)] if not is_test(module, self.ev.project) else []
            kinds = kinds_of(module, "", self.ev.models, self.ev.project, near.path) if found else frozenset()
            if "scripts" in kinds:
                return None  # it is that of the script, and others who use the same functions have theirs
            if not kinds:
                calls += found
        return calls

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
        if _home(call, scope) is scope.module.scope:
            return False  # what all find there is the last one, whatever it was made of
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


def _names_of_makers(models: Models) -> frozenset[str]:
    """The last names of what makes an engine or a pool."""
    built = (cls.name for cls in models.classes.values() if cls.kind == "engine" and cls.construct == "create")
    return frozenset(name.rpartition(".")[2] for name in (*models.makers, *built))


def _target(call: ast.Call) -> ast.expr | None:
    """What alone the value of a call is assigned to."""
    parent = parent_of(call)
    statement = parent_of(parent) if isinstance(parent, ast.Await) else parent
    if isinstance(statement, ast.Assign):
        return statement.targets[0] if len(statement.targets) == 1 else None
    return statement.target if isinstance(statement, ast.AnnAssign) else None


def kept_as(call: ast.Call, scope: Scope) -> tuple[str, ...]:
    """What tells what a call makes from others: where all that use it find it, as what one of several branches has put there
    (``if is_file: engine = …``, ``else: engine = …``), or the call."""
    home, target = _home(call, scope), _target(call)
    if home is None or target is None:
        return (scope.module.path, str(call.lineno), str(call.col_offset))
    return (*map(str, home.key), dotted(target))


def _home(call: ast.Call, scope: Scope) -> Scope | None:
    """What has the variable or attribute that alone gets the value of a call: a function, a module, or a class."""
    target = _target(call)
    name = dotted(target) if target is not None else ""
    if name.startswith("self."):
        return scope.enclosing_class
    return scope.module.scope if name in scope.globals else home_of(name, scope) if name.isidentifier() else None


def _stays_inside(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a function disposes of what it makes: nobody else gets that."""
    target = _target(call)
    if scope.kind != "function" or not isinstance(target, ast.Name) or home_of(target.id, scope) is not scope:
        return False
    ends = (one.func for one in scope.calls_named(ev.models.words("shuts-down")))
    return any(isinstance(one, ast.Attribute) and dotted(one.value) == target.id for one in ends) and not any(
        isinstance(parent_of(load), (ast.Return, ast.Yield)) for load in scope.loads.get(target.id, ())
    )


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
