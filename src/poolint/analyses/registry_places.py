"""Where the registries of a project are, and under which names functions have their sessions: ``db.session``, what
``registry()`` gives, and what a function of the project gives that returns the one or the other.

A registry stands in a module. It is known by where it is bound first, since each module may import it under a name of its own;
whatever name a function has for its session, it is one and the same session that they all mean.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.entities import Registry
from poolint.analyses.holding.registry_aliases import class_of_registry, is_session
from poolint.analyses.holding.registry_words import registry_words
from poolint.analyses.holding.shared_names import bound_to_all, first_home
from poolint.analyses.holding.transactions import root_of
from poolint.flow.flags import name_of
from poolint.syntax.expressions import dotted
from poolint.syntax.scopes import parent_of, placed
from poolint.syntax.surroundings import with_await
from poolint.types.bound import elsewhere
from poolint.types.call_sites import callees_of
from poolint.types.followed import Origin
from poolint.types.following import PASSAGES, Follower
from poolint.types.imported_uses import has_any, of_module
from poolint.types.providers import providers
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_KEPT: frozenset[Passage] = PASSAGES | {"caller", "member"}
"""What a registry is handed through to the object that keeps it."""

_MAX_PARTS = 3
"""Parts that are looked for one in another from the object down to a registry; real ones are one or two."""

_GIVEN_BY = ("annotated", "assign")
"""Kinds of bindings that give a name what stands to the right of them."""


class RegistryPlaces:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._words = ev.models.derived(registry_words)
        self._elsewhere: dict[tuple[Scope, str], Registry] = {}
        """Registries by what they are called in functions where they have no name of their own."""
        self._near: dict[Module, bool] = {}
        self._owned: dict[Scope, tuple[str, ...]] = {}
        self._given: dict[Scope, Registry | None] = {}

    def is_near(self, module: Module) -> bool:
        """Whether a module, or one that it imports, mentions what makes a registry, or it works with what carries something
        and comes to one that makes such, or uses one that is not at hand."""
        found = self._near.get(module)
        if found is None:
            screen = self.ev.screen
            near = screen.is_near(self._words, module.path, module.source.data)
            near = near or screen.may_share(module.path, module.source.data)
            found = self._near[module] = near or has_any(self.ev, module)
        return found

    def at(self, place: str, scope: Scope) -> Registry | None:
        """The registry of the project at a place of a function; None where it is the function's own, or something else.

        What an object keeps is the registry that it was made with, wherever it is made.
        """
        if (scope, place) in self._elsewhere:
            return self._elsewhere[scope, place]
        root, dot, path = place.partition(".")
        binding, module = bound_to_all(root, scope)
        if not root.isidentifier() or (binding is None and not (path and root in scope.bindings)):
            return None
        one = self.ev.outer_name(root, scope) if root not in scope.bindings else self.ev.scope_name(root, scope)
        for step in path.split(".") if path else ():
            one = self.ev.type_of_member(one, step)
        cls = class_of_registry(alternatives(one)) or self._by_use(place, scope)
        if cls is None:
            return self._kept(place, scope) if path and is_session(alternatives(one)) else None
        made = self._made(place, scope, cls.name) if path else None
        if made is not None:
            return made
        if binding is None:
            return None
        return Registry(*first_home(self.ev, binding, root, module), f"{dot}{path}", cls.name)

    def _by_use(self, place: str, scope: Scope) -> Class | None:
        """The class of a registry of something that is not at hand, as far as its uses in the module tell."""
        return class_of_registry(alternatives(of_module(self.ev, place, scope.module)))

    def _made(self, place: str, scope: Scope, cls: str) -> Registry | None:
        """The registry that an object keeps at a place: one that a module makes and binds to a name, or an extension has, given
        the one or the other."""
        follower = Follower(self.ev, _KEPT)
        end = follower.origin(_read(place), scope)
        if isinstance(end.node, ast.BoolOp):  # ``session or db.session``
            real = [one for one in end.node.values if not follower.comes_to_none(one, end.scope)]
            end = follower.origin(real[0], end.scope) if len(real) == 1 else end
        if isinstance(end.node, ast.Attribute) and (other := dotted(end.node)) and other != place:
            return self.at(other, end.scope)
        path, found = "", {end.node: end}
        while len(found) == 1 and isinstance(end.node, ast.Attribute) and path.count(".") < _MAX_PARTS:
            path = f".{end.node.attr}{path}"  # of an extension that is kept
            kept = follower.sources(end.node.value, end.scope)
            found = {one.node: Origin(one.node, one.scope) for one in kept.found} if kept.complete else {}
            end = next(iter(found.values()), end)
        parent = parent_of(end.node) if end.scope.kind == "module" else None
        targets = parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", None)]
        if isinstance(end.node, ast.Call) and len(found) == len(targets) == 1 and isinstance(targets[0], ast.Name):
            return Registry(end.scope.module.path, targets[0].id, path, cls)
        return None

    def _kept(self, place: str, scope: Scope) -> Registry | None:
        """The registry whose session an object keeps at a place, given it where it is made: ``self.session = get_session()``."""
        end = Follower(self.ev, _KEPT).origin(_read(place), scope)
        return self.given(with_await(end.node), end.scope) if isinstance(end.node, ast.Call) else None

    def called(self, place: str, scope: Scope) -> str:
        """What the registry at a place is called in a function; empty where there is none."""
        found = self.at(place, scope) if self.is_near(scope.module) else None
        return self.named(found, scope) if found is not None else ""

    # What gives the session of one

    def given(self, node: ast.expr | None, scope: Scope) -> Registry | None:
        """The registry whose session ``registry()`` gives, or ``get_session()``, which returns that or the registry itself."""
        is_awaited = isinstance(node, ast.Await)
        call = node.value if isinstance(node, ast.Await) else node
        if not isinstance(call, ast.Call) or call.args or call.keywords or not name_of(call.func):
            return None
        if not self.is_near(scope.module):
            return None
        found = None if is_awaited else self.at(name_of(call.func), scope)
        if found is not None:
            return found
        callees = callees_of(self.ev, call, scope)
        callee = callees[0] if len(callees) == 1 else None
        if not isinstance(callee, Function) or callee.scope.is_generator or callee.scope.is_async is not is_awaited:
            return None
        return self._of_getter(callee.scope)

    def provided(self, parameter: Binding, scope: Scope) -> Registry | None:
        """The registry whose session a framework passes for a parameter: what its provider returns, or yields."""
        if not self.is_near(scope.module):
            return None
        found = {self._of_getter(one.scope) for one in providers(self.ev, parameter, scope)}
        return found.pop() if len(found) == 1 else None

    def _of_getter(self, function: Scope) -> Registry | None:
        """The registry whose session a function returns on all its ways, or yields."""
        if function not in self._given:
            self._given[function] = None  # who gives what itself gives
            given: Iterable[ast.expr | None] = function.returns
            if function.is_generator:
                given = [getattr(one, "value", None) for one in function.yields]
            is_near = function.kind == "function" and self.is_near(function.module)
            found = {self.session(one, function) for one in given} if is_near else set()
            self._given[function] = found.pop() if len(found) == 1 else None
        return self._given[function]

    def session(self, node: ast.expr | None, scope: Scope) -> Registry | None:
        """The registry whose session an expression is, also by a name that the function has given it."""
        place = name_of(node) if node is not None else ""
        if node is None or not place:
            return self.given(node, scope)
        end = Follower(self.ev, PASSAGES).origin(node, scope)
        made = self.given(with_await(end.node), end.scope) if isinstance(end.node, ast.Call) else None
        return made or self.at(place, scope)

    def standing_for(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What stands in a function for the registry whose session a call gives: its name there."""
        registry = self.given(node, scope)
        if registry is None:
            return None
        root, *path = self.named(registry, scope).split(".")
        found: ast.expr = placed(ast.Name(root, ast.Load()), node, node)
        for step in path:
            found = placed(ast.Attribute(found, step, ast.Load()), node, node)
        return found

    # What it is called

    def named(self, registry: Registry, scope: Scope) -> str:
        """What a registry is called in a function: where it has no name there, by what the function has called its session, or
        else by its module."""
        if not registry.module:
            place = f"{registry.name}{registry.path}"
            self._elsewhere[scope, place] = registry
            return place
        for place in self._own(scope):
            if self.at(place, scope) == registry:
                return place
        for name in dict.fromkeys((registry.name, *scope.bindings, *scope.module.scope.bindings)):
            binding, module = bound_to_all(name, scope)
            if binding is None or (binding.kind != "import" and name != registry.name):
                continue
            if first_home(self.ev, binding, name, module) == (registry.module, registry.name):
                return f"{name}{registry.path}"
        text = next((name for name in scope.bindings if self._named_by(name, scope) == registry), "")
        if not text:
            is_here = self.ev.project.module(registry.module) is not None
            at = self.ev.project.finder.module_name(registry.module) if is_here else registry.module
            text = f"{at}.{registry.name}{registry.path}"
        self._elsewhere[scope, text] = registry
        return text

    def named_by(self, binding: Binding, value: ast.expr | None, scope: Scope) -> str:
        """What the registry is called in a function whose session a binding gives a name; empty where it gives none."""
        found = self.provided(binding, scope) if value is None else self.given(value, scope)
        return self.named(found, scope) if found is not None else ""

    def given_names(self, scope: Scope) -> Iterator[Registry]:
        """The registries of which a function has given the session a name."""
        yield from filter(None, (self._named_by(name, scope) for name in scope.bindings))

    def _named_by(self, name: str, scope: Scope) -> Registry | None:
        """The registry of which a function has given the session a name that it has for nothing else."""
        bindings = scope.bindings.get(name, ())
        if len(bindings) != 1 or bindings[0].kind not in _GIVEN_BY or name in scope.globals:
            return None
        return self.given(bindings[0].value, scope)

    def inside(self, place: str, scope: Scope, inner: Scope) -> str:
        """What another function calls the registry at a place of this one; empty where there is none."""
        is_near = ((scope, place) in self._elsewhere or self.is_near(scope.module)) and self.is_near(inner.module)
        found = self.at(place, scope) if is_near else None
        return self.named(found, inner) if found is not None else ""

    def _own(self, scope: Scope) -> tuple[str, ...]:
        """The members of its object that a method calls something on."""
        found = self._owned.get(scope)
        if found is None:
            roots = map(root_of, scope.calls) if scope.enclosing_class is not None else ()
            places = (name_of(root) for root in roots if root is not None)
            found = self._owned[scope] = tuple(dict.fromkeys(one for one in places if one.startswith("self.")))
        return found


def _read(place: str) -> ast.expr:
    """What reads a place, for an object that may stand in another function."""
    root, *steps = place.split(".")
    found: ast.expr = elsewhere(root)
    for step in steps:
        found = ast.Attribute(found, step, ast.Load())
    return found
