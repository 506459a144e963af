"""Which calls may end a transaction in a way that nobody sees: what they run is not known, or gets the session in a container,
or is a method that classes below write anew.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of, received
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.standard import BUILTINS
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.call_sites import call_site, callees_of
from poolint.types.overrides import Heirs
from poolint.types.values import ClassObject, Function, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.summaries import Components
    from poolint.syntax.scopes import ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_PARTS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Lambda)
"""Expressions by which what stands in them is passed on."""


class Place(NamedTuple):
    """A session that a function is passed, or has in its object: ``session``, ``self.session``."""

    function: ScopeKey
    place: str


class LeftBegun:
    """Answers for one project. Which functions may end what they have begun where nobody sees it is a problem of summaries."""

    def __init__(self, ev: Evaluator, holdings: Holdings, components: Components) -> None:
        self.ev = ev
        self.holdings = holdings
        self.places = holdings.objects.places
        self._unseen: Summaries[Place, bool] = Summaries(
            "ends-unseen", self._of_function, bottom=False, join=or_, components=components
        )

    def calls(self, resource: str, scope: Scope, beginning: ast.Call) -> list[ast.Call]:
        """The calls of a function, but for the one that begins it, that may end the transaction of a session unseen."""
        return [one for one in scope.calls if one is not beginning and self.may_end(one, resource, scope)]

    def may_end(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a call gets a session, or what has it, and not all that it may run is known to leave that as it is; what ends
        the use of it for all to see is none of this."""
        if isinstance(call.func, ast.Name) and call.func.id in BUILTINS and call.func.id not in scope.bindings:
            return False
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_own = owner is not None and name_of(owner) != resource and self._has(owner, resource, scope)
        given = [one for _, one in arguments_of(call)]
        passed = [one for one in given if self._has(one, resource, scope) or name_of(one).startswith(f"{resource}.")]
        inside = any(self._has(part, resource, scope) for one in given for part in _parts(one))
        fact = call_site(self.ev, call, scope) if is_own or passed or inside else None
        if not (is_own or passed or inside) or (fact is not None and fact.row is not None):
            return False
        callees = callees_of(self.ev, call, scope)
        return inside or not callees or not all(self._leaves(one, call, resource, scope) for one in callees)

    def may_run(self, callee: Function, call: ast.Call) -> list[Function] | None:
        """The functions of the project that a call of one may run: itself, and what classes below its own write instead; None
        where others may stand there."""
        own, receiver, name = callee.scope, callee.receiver, callee.scope.name
        cls = receiver.cls if isinstance(receiver, (Instance, ClassObject)) else None
        is_above = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call)  # ``super().put()``
        if own.enclosing_class is None or not isinstance(cls, Scope) or is_above:
            return [callee]
        below = self.ev.derived(Heirs).all_below(cls)
        if below is None:
            return None
        found = {own: callee}
        for heir in below:
            made = self.ev.class_object(heir)
            one = self.ev.type_of_member(made.instance() if isinstance(receiver, Instance) else made, name)
            if not isinstance(one, Function):
                return None
            found.setdefault(one.scope, one)
        return list(found.values())

    def received(self, callee: Function, call: ast.Call, resource: str, scope: Scope) -> Iterator[Place]:
        """What a function of the project calls a session that a call passes it, itself or in an object."""
        for keyword, argument in arguments_of(call):
            got = received(self.ev, callee, call, argument, keyword) if name_of(argument) == resource else None
            if got is not None and got[1] is call:
                yield Place(got[0].scope.key, got[2])
        if "." in resource or self.holdings.objects.gets_carrier(call, scope):
            for place in sorted(self.holdings.objects.inside(call, callee, {resource}, scope)):
                yield Place(callee.scope.key, place)

    def _has(self, node: ast.expr, resource: str, scope: Scope) -> bool:
        """Whether an expression gives a session, or an object that has it."""
        name = name_of(node)
        if name and (name == resource or resource.startswith(f"{name}.")):
            return True
        if name.partition(".")[0] in self.places.carrying.carriers(scope):
            first = self.places.first(resource, scope)
            kept = self.places.kept(self.ev.type_of(node, scope))
            return any(self.places.first(f"{name}.{path}", scope) == first for path in kept)
        return isinstance(node, ast.Call) and resource in self.places.made(node, scope).values()

    def _leaves(self, callee: Type, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a function that gets a session leaves it as it is, as far as that is not seen where it is called."""
        if not isinstance(callee, Function):
            return isinstance(callee, ClassObject)  # what is made of it may end it, but later
        runs, awaited = self.may_run(callee, call), isinstance(parent_of(call), ast.Await)
        is_later = callee.scope.is_generator or (callee.scope.is_async and not awaited)
        for one in runs or ():
            is_seen = one is callee and not is_later
            places = list(self.received(one, call, resource, scope))
            if any(self._unseen.of(place) or (not is_seen and self._ends(place)) for place in places):
                return False
            if not places and (one.receiver is not None or _gets_any(call, resource)):
                return False  # it gets what has it, and nobody knows where
        return runs is not None

    def _ends(self, place: Place) -> bool:
        """Whether a function ends the use of a session anywhere, or a block of it does."""
        changes = self.holdings.changes(self.ev.project.scope(place.function))
        tables = (*changes.tables(), changes.exits)
        return any(
            one.resource == place.place and not one.holds
            for table in tables
            for found in table.values()
            for one in found
        ) or any(one.session == place.place for one in changes.regions)

    def _of_function(self, key: Place) -> bool:
        scope = self.ev.project.scope(key.function)
        return any(self.may_end(call, key.place, scope) for call in scope.calls)


def _gets_any(call: ast.Call, resource: str) -> bool:
    """Whether a call passes what has a session, besides the object that it is called on."""
    names = (name_of(one) for _, one in arguments_of(call))
    return any(name and f"{resource}.".startswith(f"{name}.") for name in names)


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression passes on in a container, or may."""
    waiting: list[ast.AST] = [node] if isinstance(node, _PARTS) else []
    for one in waiting:  # grows
        for child in ast.iter_child_nodes(one):
            if isinstance(child, _PARTS):
                waiting.append(child)
            elif isinstance(child, ast.expr):
                yield child
