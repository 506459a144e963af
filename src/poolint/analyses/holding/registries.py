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
from poolint.analyses.holding.registry_aliases import Alias, outside_blocks
from poolint.analyses.holding.transactions import is_query
from poolint.analyses.holding.wrappers import Wrappers
from poolint.analyses.registry_places import RegistryPlaces
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.syntax.generator_runs import is_gone_over
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import around
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.decorated import wrapped
from poolint.types.followed import one_step
from poolint.types.following import Follower
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


_MADE: frozenset[Passage] = frozenset({"call"})
"""What a query is made through."""


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
        self.places = ev.derived(RegistryPlaces)
        self._blocks = ev.models.words("ends-sessions")
        self._entities = Entities(ev, self.places.at)
        self._wrappers = Wrappers(ev, holdings, self.places.at)
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
        return self.places.is_near(scope.module) and any(self._callees(call, scope))

    def done(self, call: ast.Call, scope: Scope, fixed: Known = ()) -> Iterator[tuple[str, Left, Class]]:
        """The sessions of registries that a call leaves held or has ended, by their names in ``scope``, of whose parameters
        this is known."""
        if not self.places.is_near(scope.module):
            return
        for callee in self._callees(call, scope):
            yield from self.done_by(callee, call, scope, fixed)

    def done_by(
        self, callee: Function, call: ast.Call, scope: Scope, fixed: Known = ()
    ) -> Iterator[tuple[str, Left, Class]]:
        """The same, where it is known which function a call runs."""
        is_called = callee.scope.name == last_name(call.func)  # and not by one that it is passed to
        known = self._entering.known(call, callee.scope, scope, fixed) if is_called else ()
        held = () if self._runs_in_its_own(callee.scope) else self._left.of(Called(callee.scope.key, known))
        found = dict(held) | self._wrappers.ended_around(callee.scope)
        for one, left in sorted(found.items()):
            registry = one if one.module else self._entities.meant(one, callee, call, scope)
            if registry is None:
                continue
            yield self.places.named(registry, scope), left, self.ev.models.classes[registry.cls]
            # It may be that of a class which this function is passed.
            for other in self._entities.passed(scope) if left is Left.ENDED and registry.module else ():
                yield self.places.named(other, scope), left, self.ev.models.classes[other.cls]

    def of_query(self, query: ast.expr, root: ast.expr | None, scope: Scope) -> tuple[str, Class] | None:
        """The registry that a query works with which begins at ``root`` with what a class has for asking for its objects,
        ``Order.query``: that of the object whose ``Model`` the class is derived from; or with a function that makes it with one.
        And what the registry is called in ``scope``."""
        registry = self._beginning(root, scope)
        if registry is None and self.places.is_near(scope.module):
            ends = Follower(self.ev, _MADE, self._before).sources(query, scope).found
            found = {self._beginning(source_of(self.ev, end.node, end.scope), end.scope) for end in ends}
            registry = found.pop() if len(found) == 1 else None
            registry = registry if registry is not None and registry.module else None
        return (
            (self.places.named(registry, scope), self.ev.models.classes[registry.cls]) if registry is not None else None
        )

    def _beginning(self, root: ast.expr | None, scope: Scope) -> Registry | None:
        """The registry that a query has which begins with this."""
        registry = self._entities.of(root, scope) if isinstance(root, ast.Attribute) else None
        return registry or (self.places.at(name_of(root), scope) if root is not None and name_of(root) else None)

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
            yield from (self.places.named(one, scope) for one, left in sorted(ended.items()) if left is Left.ENDED)
        if last_name(header.func) not in self._blocks and not self._is_asked_to_end(header, scope):
            return
        found: dict[str, None] = {}
        for call in scope.calls:
            root = root_of(call)
            place = name_of(root) if root is not None else ""
            registry = self._beginning(root, scope)  # also that of `Order.query.first()`
            if place and self.places.at(place, scope) is not None:
                found[place] = None
            elif registry is not None:
                found[self.places.named(registry, scope)] = None
            found.update((name, None) for name, *_ in self.done(call, scope))
        yield from found

    def _runs_in_its_own(self, function: Scope) -> bool:
        """Whether a decorator runs a function in a block that has sessions of its own, and takes them away as it ends."""
        for _, call, wrapper in wrapped(self.ev, function):
            block = around(call, wrapper, (ast.With, ast.AsyncWith))
            while isinstance(block, (ast.With, ast.AsyncWith)):
                headers = (one.context_expr for one in block.items)
                if any(isinstance(one, ast.Call) and last_name(one.func) in self._blocks for one in headers):
                    return True
                block = around(block, wrapper, (ast.With, ast.AsyncWith))
        return False

    def _is_asked_to_end(self, header: ast.Call, scope: Scope) -> bool:
        """Whether an object is called whose blocks end sessions, whatever it is named here: `db()`."""
        found = alternatives(self.ev.type_of(header.func, scope)) if self.places.is_near(scope.module) else ()
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

    def _leaves(self, key: Called) -> _Sessions:
        scope = self.ev.project.scope(key.function)
        if not self.places.is_near(scope.module):
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
        left = self._left.of(Called(scope.key)) if self.places.is_near(scope.module) else frozenset()
        return any(one[:3] == (module.path, name, "") and how is Left.HELD for one, how in left)

    def held_by(self, scope: Scope) -> list[Registry]:
        """The registries whose session a function leaves holding its connection, whatever way it takes."""
        left = self._left.of(Called(scope.key)) if self.places.is_near(scope.module) else frozenset()
        return [one for one, how in sorted(left) if how in (Left.HELD, Left.RENEWED)]

    def held_as(self, function: Scope, scope: Scope) -> list[tuple[str, Class]]:
        """The same, by what another function calls the sessions, with their classes."""
        held = [one for one in self.held_by(function) if one.module]
        return [(self.places.named(one, scope), self.ev.models.classes[one.cls]) for one in held]

    def _aliases(self, scope: Scope) -> list[Alias]:
        found = [Alias(self.places.named(one, scope), one) for one in self.places.given_names(scope)]
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
            if isinstance(one, Function) and one.scope.is_generator and self.places.is_near(one.scope.module):
                yield one.scope

    def _yields(self, key: ScopeKey) -> frozenset[Registry]:
        """The registry whose session a generator yields, wherever it yields."""
        scope = self.ev.project.scope(key)
        known = {one.name: one.registry for one in self._aliases(scope) if one.item is not None}
        found = set()
        for one in scope.yields:
            value = one.value if isinstance(one, ast.Yield) else None
            made = self.places.session(value, scope)
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
