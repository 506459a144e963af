"""What functions of the project do with the sessions of registries: ``db.session`` is one and the same in all functions that
run in a request or a thread, whoever calls them.

A registry stands in a module. Which of them a function leaves held, or has ended, is a problem of summaries; the registry is
known by where it is bound first, since each module may import it under a name of its own.
"""

from __future__ import annotations

import ast
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding import root_of
from poolint.analyses.holding.exit_summaries import Left, on_some_way, ways_left
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.loader import Models
from poolint.syntax.scopes import parent_of
from poolint.types.imports import source
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class Registry(NamedTuple):
    """A registry of the project: the path of the module that binds it, or what has it, the name there, the path from that
    with a dot before it, and its class."""

    module: str
    name: str
    path: str
    cls: str


_Sessions = frozenset[tuple[Registry, Left]]
"""How a function leaves the sessions of registries."""


class Registries:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self._holdings = holdings
        self._words = _words(ev.models)
        self._blocks = ev.models.words("ends-sessions")
        self._near: dict[Module, bool] = {}
        self._left: Summaries[ScopeKey, _Sessions] = Summaries(
            "leaves-registries", self._leaves, bottom=frozenset(), join=frozenset.union, components=holdings.components
        )

    def may_do(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call may leave the session of a registry held: it runs a function of the project, near one."""
        return self._is_near(scope.module) and any(self._callees(call, scope))

    def done(self, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Left, Class]]:
        """The sessions of registries that a call leaves held or has ended, by their names in ``scope``."""
        if not self._is_near(scope.module):
            return
        for callee in self._callees(call, scope):
            for registry, left in sorted(self._left.of(callee.scope.key)):
                yield self._named(registry, scope), left, self.ev.models.classes[registry.cls]

    def ended_with(self, header: ast.Call, scope: Scope) -> Iterator[str]:
        """The registries that a function uses, where a block takes their sessions away as it ends: `app.app_context()`."""
        if last_name(header.func) not in self._blocks:
            return
        found: dict[str, None] = {}
        for call in scope.calls:
            root = root_of(call)
            place = name_of(root) if root is not None else ""
            if place and self._registry(place, scope) is not None:
                found[place] = None
            found.update((name, None) for name, *_ in self.done(call, scope))
        yield from found

    def _callees(self, call: ast.Call, scope: Scope) -> Iterator[Function]:
        """The functions that a call runs here and now."""
        for one in alternatives(self.ev.type_of(call.func, scope)):
            if not isinstance(one, Function) or one.scope.kind != "function" or one.scope.is_generator:
                continue
            if not one.scope.is_async or isinstance(parent_of(call), ast.Await):
                yield one

    def _is_near(self, module: Module) -> bool:
        found = self._near.get(module)
        if found is None:
            near = self.ev.screen.is_near(self._words, module.path, module.source.data)
            found = self._near[module] = near
        return found

    def _leaves(self, key: ScopeKey) -> _Sessions:
        scope = self.ev.project.scope(key)
        if not self._is_near(scope.module):
            return frozenset()
        changes = self._holdings.changes(scope)
        names = {one.resource for found in changes.calls.values() for one in found}
        registries = {name: one for name in sorted(names) if (one := self._registry(name, scope)) is not None}
        if not registries:
            return frozenset()
        try:
            graph = self._holdings.graph(scope)
        except TooComplex:
            return frozenset()
        left = {
            one: reduce(on_some_way, ways_left(graph, changes, name, scope, {}), Left.NEVER)
            for name, one in registries.items()
        }
        return frozenset((one, how) for one, how in left.items() if how > Left.UNTOUCHED)

    def _registry(self, place: str, scope: Scope) -> Registry | None:
        """The registry of the project at a place of a function; None where it is the function's own, or something else."""
        root, dot, path = place.partition(".")
        binding, module = _bound(root, scope)
        if binding is None or not root.isidentifier():
            return None
        one = self.ev.outer_name(root, scope) if root not in scope.bindings else self.ev.scope_name(root, scope)
        for step in path.split(".") if path else ():
            one = self.ev.type_of_member(one, step)
        found = alternatives(one)
        cls = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
        if cls is None or cls.kind != "registry":
            return None
        home, name = self._home(binding, root, module)
        return Registry(home.path, name, f"{dot}{path}", cls.name)

    def _home(self, binding: Binding, name: str, module: Module) -> tuple[Module, str]:
        """The module that binds first what a binding is, and its name there."""
        seen: set[tuple[str, str]] = set()
        while binding.kind == "import" and (module.path, name) not in seen:
            seen.add((module.path, name))
            found = source(self.ev, binding, module)
            if found is None:
                break
            module, name = found
            binding = module.scope.bindings[name][-1]
        return module, name

    def _named(self, registry: Registry, scope: Scope) -> str:
        """What a registry is called in a function: where it has no name there, as where it stands."""
        for name in dict.fromkeys((registry.name, *scope.bindings, *scope.module.scope.bindings)):
            binding, module = _bound(name, scope)
            if binding is None or (binding.kind != "import" and name != registry.name):
                continue
            home, first = self._home(binding, name, module)
            if (home.path, first) == (registry.module, registry.name):
                return f"{name}{registry.path}"
        return f"{registry.name}{registry.path}"


def _bound(name: str, scope: Scope) -> tuple[Binding | None, Module]:
    """What binds a name to the same in all functions of a module: the module, or an import in the function."""
    for where in (scope, scope.module.scope):
        bindings = where.bindings.get(name)
        if bindings:
            is_shared = where is scope.module.scope or bindings[-1].kind == "import"
            return (bindings[-1] if is_shared and len(bindings) == 1 else None), scope.module
    return None, scope.module


def _words(models: Models) -> frozenset[bytes]:
    """What a file mentions that makes a registry, or what has one."""
    found: set[str] = set()
    for name, cls in models.classes.items():
        if cls.kind == "registry":
            found.add(name.rpartition(".")[2])
        if any((one := models.classes.get(given)) and one.kind == "registry" for given in cls.attributes.values()):
            found.add(name.partition(".")[0])
    return frozenset(one.encode() for one in found)
