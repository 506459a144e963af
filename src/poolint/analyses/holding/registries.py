"""What functions of the project do with the sessions of registries: ``db.session`` is one and the same in all functions that
run in a request or a thread, whoever calls them.

A registry stands in a module. Which of them a function leaves held, or has ended, is a problem of summaries; the registry is
known by where it is bound first, since each module may import it under a name of its own.
"""

from __future__ import annotations

import ast
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.conditions import Entering
from poolint.analyses.holding import root_of, source_of
from poolint.analyses.holding.entities import Entities, Registry
from poolint.analyses.holding.exit_summaries import Left, on_some_way, ways_left
from poolint.analyses.holding.registry_aliases import Alias, class_of_registry, outside_blocks
from poolint.analyses.holding.registry_words import registry_words
from poolint.analyses.holding.shared_names import bound_to_all, first_home
from poolint.analyses.holding.transactions import is_query
from poolint.analyses.holding.wrappers import Wrappers
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import dotted
from poolint.syntax.generator_runs import is_gone_over
from poolint.syntax.scopes import parent_of
from poolint.types.arguments import parameter_for
from poolint.types.bound import elsewhere
from poolint.types.call_sites import callees_of
from poolint.types.followed import Origin, one_step
from poolint.types.following import PASSAGES, Follower
from poolint.types.values import UNKNOWN, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Step, Steps
    from poolint.types.following import Passage
    from poolint.types.values import Type


_KEPT: frozenset[Passage] = PASSAGES | {"caller", "member"}
"""What a registry is handed through to the object that keeps it."""


_GIVEN_BY = ("annotated", "assign")
"""Kinds of bindings that give a name what stands to the right of them."""

_MADE: frozenset[Passage] = frozenset({"call"})
"""What a query is made through."""


_MAX_PARTS = 3
"""Parts that are looked for one in another from the object down to a registry; real ones are one or two."""


_Sessions = frozenset[tuple[Registry, Left]]
"""How a function leaves the sessions of registries."""


class Called(NamedTuple):
    """A function that works with the session of a registry, or a generator that yields it, and what a call fixes of its
    parameters."""

    function: ScopeKey
    fixed: Known = ()


class Registries:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self._holdings = holdings
        self._words = ev.models.derived(registry_words)
        self._blocks = ev.models.words("ends-sessions")
        self._elsewhere: dict[tuple[Scope, str], Registry] = {}
        """Registries by what they are called in functions where they have no name."""
        self._entities = Entities(ev, self.at)
        self._wrappers = Wrappers(ev, holdings, self.at)
        self._near: dict[Module, bool] = {}
        self._owned: dict[Scope, tuple[str, ...]] = {}
        self._left: Summaries[Called, _Sessions] = Summaries(
            "leaves-registries", self._leaves, bottom=frozenset(), join=frozenset.union, components=holdings.components
        )
        self._entering = ev.derived(Entering)
        self._yielded: Summaries[ScopeKey, frozenset[Registry]] = Summaries(
            "yields-registries", self._yields, bottom=frozenset(), join=frozenset.union, components=holdings.components
        )
        self._ended: Summaries[Called, Left] = Summaries(
            "ends-block", self._ends_block, bottom=Left.NEVER, join=on_some_way, components=holdings.components
        )

    def may_do(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call may leave the session of a registry held: it runs a function of the project, near one."""
        return self.is_near(scope.module) and any(self._callees(call, scope))

    def done(self, call: ast.Call, scope: Scope, fixed: Known = ()) -> Iterator[tuple[str, Left, Class]]:
        """The sessions of registries that a call leaves held or has ended, by their names in ``scope``, of whose parameters
        this is known."""
        if not self.is_near(scope.module):
            return
        for callee in self._callees(call, scope):
            yield from self.done_by(callee, call, scope, fixed)

    def done_by(
        self, callee: Function, call: ast.Call, scope: Scope, fixed: Known = ()
    ) -> Iterator[tuple[str, Left, Class]]:
        """The same, where it is known which function a call runs."""
        is_called = callee.scope.name == last_name(call.func)  # and not by one that it is passed to
        known = self._entering.known(call, callee.scope, scope, fixed) if is_called else ()
        found = dict(self._left.of(Called(callee.scope.key, known))) | self._wrappers.ended_around(callee.scope)
        for one, left in sorted(found.items()):
            registry = one if one.module else self._entities.meant(one, callee, call, scope)
            if registry is None:
                continue
            yield self._named(registry, scope), left, self.ev.models.classes[registry.cls]
            # It may be that of a class which this function is passed.
            for other in self._entities.passed(scope) if left is Left.ENDED and registry.module else ():
                yield self._named(other, scope), left, self.ev.models.classes[other.cls]

    def of_query(self, query: ast.expr, root: ast.expr | None, scope: Scope) -> tuple[str, Class] | None:
        """The registry that a query works with which begins at ``root`` with what a class has for asking for its objects,
        ``Order.query``: that of the object whose ``Model`` the class is derived from; or with a function that makes it with one.
        And what the registry is called in ``scope``."""
        registry = self._beginning(root, scope)
        if registry is None and self.is_near(scope.module):
            ends = Follower(self.ev, _MADE, self._before).sources(query, scope).found
            found = {self._beginning(source_of(self.ev, end.node, end.scope), end.scope) for end in ends}
            registry = found.pop() if len(found) == 1 else None
            registry = registry if registry is not None and registry.module else None
        return (self._named(registry, scope), self.ev.models.classes[registry.cls]) if registry is not None else None

    def _beginning(self, root: ast.expr | None, scope: Scope) -> Registry | None:
        """The registry that a query has which begins with this."""
        registry = self._entities.of(root, scope) if isinstance(root, ast.Attribute) else None
        return registry or (self.at(name_of(root), scope) if root is not None and name_of(root) else None)

    def _before(self, call: ast.Call, at: Step, _: tuple[Type, ...]) -> Steps | None:
        """The query of which another is made: ``orders()`` of ``orders().limit(3)``, or of something unknown that is passed
        one: ``narrow(orders())``."""
        of = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        if self.ev.type_of(call.func, at.scope) is UNKNOWN:
            of += (one for _, one in arguments_of(call))
        made = [one for one in of if isinstance(one, (ast.Call, ast.Name)) and is_query(self.ev.type_of(one, at.scope))]
        return one_step(made[0], at.scope, at.frame) if len(made) == 1 else None

    def ended_with(self, header: ast.Call, scope: Scope) -> Iterator[str]:
        """The registries that a function uses, where a block takes their sessions away as it ends: `app.app_context()`, or a
        manager of the project ends them."""
        for generator in self._generators(header, scope):
            ended = self._wrappers.ended_after(generator)
            yield from (self._named(one, scope) for one, left in sorted(ended.items()) if left is Left.ENDED)
        if last_name(header.func) not in self._blocks and not self._is_asked_to_end(header, scope):
            return
        found: dict[str, None] = {}
        for call in scope.calls:
            place = name_of(root) if (root := root_of(call)) is not None else ""
            if place and self.at(place, scope) is not None:
                found[place] = None
            found.update((name, None) for name, *_ in self.done(call, scope))
        yield from found

    def _is_asked_to_end(self, header: ast.Call, scope: Scope) -> bool:
        """Whether an object is called whose blocks end sessions, whatever it is named here: `db()`."""
        found = alternatives(self.ev.type_of(header.func, scope)) if self.is_near(scope.module) else ()
        calls = (f"{one.base.name}.__call__" for one in found if isinstance(one, Instance) and one.base is not None)
        return any(self.ev.models.ends("ends-sessions", one) for one in calls)

    def _callees(self, call: ast.Call, scope: Scope) -> Iterator[Function]:
        """What a call runs here and now: also what it passes to one that calls it, and a generator that is gone over."""
        for one in callees_of(self.ev, call, scope):
            if not isinstance(one, Function) or one.scope.kind != "function":
                continue
            is_awaited = not one.scope.is_async or isinstance(parent_of(call), ast.Await)
            if is_gone_over(call) if one.scope.is_generator else is_awaited:
                yield one
                yield from self._called_back(one, call, scope)

    def _called_back(self, callee: Function, call: ast.Call, scope: Scope) -> Iterator[Function]:
        for keyword, argument in arguments_of(call):
            if not isinstance(argument, (ast.Name, ast.Attribute)):
                continue
            name = parameter_for(callee, call, argument, keyword)
            if name is not None and name in callee.scope.called:
                for one in alternatives(self.ev.type_of(argument, scope)):
                    if isinstance(one, Function) and not (one.scope.is_generator or one.scope.is_async):
                        yield one

    def is_near(self, module: Module) -> bool:
        """Whether a module, or one that it imports, mentions what makes a registry, or it works with what carries something
        and comes to one that makes such."""
        found = self._near.get(module)
        if found is None:
            screen = self.ev.screen
            near = screen.is_near(self._words, module.path, module.source.data)
            found = self._near[module] = near or screen.may_share(module.path, module.source.data)
        return found

    def _leaves(self, key: Called) -> _Sessions:
        scope = self.ev.project.scope(key.function)
        if not self.is_near(scope.module):
            return frozenset()
        changes, aliases = self._holdings.own_changes(scope, key.fixed), self._aliases(scope)
        if any(one.item is not None for one in aliases):
            changes = outside_blocks(changes, aliases)
        registries: dict[Registry, set[str]] = {}
        for alias in aliases:
            registries.setdefault(alias.registry, set()).add(alias.name)
        left = self._wrappers.left(scope, changes, registries, dict(key.fixed))
        return frozenset((one, how) for one, how in left.items() if how > Left.UNTOUCHED)

    def stays(self, module: Module, name: str, scope: Scope) -> bool:
        """Whether a function leaves the session of a registry, which a module binds to a name, holding its connection."""
        left = self._left.of(Called(scope.key)) if self.is_near(scope.module) else frozenset()
        return any(one[:3] == (module.path, name, "") and how is Left.HELD for one, how in left)

    def held_by(self, scope: Scope) -> list[Registry]:
        """The registries whose session a function leaves holding its connection, whatever way it takes."""
        left = self._left.of(Called(scope.key)) if self.is_near(scope.module) else frozenset()
        return [one for one, how in sorted(left) if how in (Left.HELD, Left.RENEWED)]

    def held_as(self, function: Scope, scope: Scope) -> list[tuple[str, Class]]:
        """The same, by what another function calls the sessions, with their classes."""
        held = [one for one in self.held_by(function) if one.module]
        return [(self._named(one, scope), self.ev.models.classes[one.cls]) for one in held]

    def _aliases(self, scope: Scope) -> list[Alias]:
        found = []
        for name, bindings in scope.bindings.items():
            value = bindings[0].value if len(bindings) == 1 and bindings[0].kind in _GIVEN_BY else None
            registry = self._called(value, scope) if value is not None else None
            if registry is not None:
                found.append(Alias(name, registry))
        for item in (item for statement in scope.withs for item in statement.items):
            call, target = item.context_expr, item.optional_vars
            if not (isinstance(call, ast.Call) and isinstance(target, ast.Name)):
                continue
            for function in self._generators(call, scope):
                known = Called(function.key, self._entering.known(call, function, scope, ()))
                stays = self._ended.of(known) in (Left.UNTOUCHED, Left.HELD, Left.RENEWED)
                found += [Alias(target.id, one, item, stays) for one in sorted(self._yielded.of(function.key))]
        return found

    def _generators(self, call: ast.Call, scope: Scope) -> Iterator[Scope]:
        for one in callees_of(self.ev, call, scope):
            if isinstance(one, Function) and one.scope.is_generator and self.is_near(one.scope.module):
                yield one.scope

    def _called(self, node: ast.expr, scope: Scope) -> Registry | None:
        """The registry that ``registry()`` gives the session of."""
        if not isinstance(node, ast.Call) or node.args or node.keywords or not name_of(node.func):
            return None
        return self.at(name_of(node.func), scope)

    def _yields(self, key: ScopeKey) -> frozenset[Registry]:
        """The registry whose session a generator yields, wherever it yields."""
        scope = self.ev.project.scope(key)
        known = {one.name: one.registry for one in self._aliases(scope)}
        found = set()
        for one in scope.yields:
            value = one.value if isinstance(one, ast.Yield) else None
            made = self._called(value, scope) if value is not None else None
            found.add(made or known.get(value.id if isinstance(value, ast.Name) else ""))
        return frozenset(one for one in found if one is not None) if len(found) == 1 else frozenset()

    def _ends_block(self, key: Called) -> Left:
        """How the block of a generator leaves the session that it has yielded."""
        scope = self.ev.project.scope(key.function)
        changes, aliases = self._holdings.own_changes(scope), self._aliases(scope)
        try:
            graph = self._holdings.graph(scope)
        except TooComplex:
            return Left.ENDED
        since = [event for one in scope.yields for event in graph.nodes_of(one)]
        names, fixed = {one.name for one in aliases}, self._entering.constants(scope) | dict(key.fixed)
        ways = ways_left(graph, outside_blocks(changes, aliases), names, scope, fixed, since) if since else ()
        return reduce(on_some_way, ways, Left.NEVER if ways else Left.ENDED)

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
        cls = class_of_registry(alternatives(one))
        if cls is None:
            return None
        made = self._made(place, scope, cls.name) if path else None
        if made is not None:
            return made
        if binding is None:
            return None
        home, name = first_home(self.ev, binding, root, module)
        return Registry(home.path, name, f"{dot}{path}", cls.name)

    def _made(self, place: str, scope: Scope, cls: str) -> Registry | None:
        """The registry that an object keeps at a place: one that a module makes and binds to a name, or an extension has, given
        the one or the other."""
        root, *steps = place.split(".")
        node: ast.expr = elsewhere(root)
        for step in steps:
            node = ast.Attribute(node, step, ast.Load())
        follower = Follower(self.ev, _KEPT)
        end = follower.origin(node, scope)
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

    def inside(self, place: str, scope: Scope, inner: Scope) -> str:
        """What another function calls the registry at a place of this one; empty where there is none."""
        is_near = ((scope, place) in self._elsewhere or self.is_near(scope.module)) and self.is_near(inner.module)
        found = self.at(place, scope) if is_near else None
        return self._named(found, inner) if found is not None else ""

    def _named(self, registry: Registry, scope: Scope) -> str:
        """What a registry is called in a function: where it has no name there, by its module."""
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
            home, first = first_home(self.ev, binding, name, module)
            if (home.path, first) == (registry.module, registry.name):
                return f"{name}{registry.path}"
        text = f"{self.ev.project.finder.module_name(registry.module)}.{registry.name}{registry.path}"
        self._elsewhere[scope, text] = registry
        return text

    def _own(self, scope: Scope) -> tuple[str, ...]:
        """The members of its object that a method calls something on."""
        found = self._owned.get(scope)
        if found is None:
            roots = map(root_of, scope.calls) if scope.enclosing_class is not None else ()
            places = (name_of(root) for root in roots if root is not None)
            found = self._owned[scope] = tuple(dict.fromkeys(one for one in places if one.startswith("self.")))
        return found
