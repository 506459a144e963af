"""What functions take of the engines, pools and makers that they are passed, or of what an object has that they are passed:
``db.pool.acquire()``, also where they only pass it on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import bound_to
from poolint.analyses.choices import alternatives_running
from poolint.analyses.conditions import is_excluded
from poolint.analyses.effects import Witness
from poolint.analyses.given_together import set_from
from poolint.analyses.lent_pools import as_passed, asked, borrowed, passed_for, put_for
from poolint.analyses.sinks import opening_sink
from poolint.models.standard import PROPERTIES
from poolint.syntax.expressions import argument_for
from poolint.types.call_sites import callees_of
from poolint.types.fields import constructor_of, fields_of
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.effects import Edge, Edges, Link
    from poolint.analyses.pools import Pool, Pools
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


class _Taken(NamedTuple):
    """How a function takes of a pool that it knows by a parameter: by which calls, and with which effect."""

    name: str
    pool: Pool
    links: tuple[Link, ...]
    effect: str


class PassedPools:
    """Answers for one project; ``takes`` says whether a call takes a connection, or makes a session that will."""

    def __init__(self, ev: Evaluator, edges: Edges, pools: Pools, takes: Callable[[CallSite, Scope], bool]) -> None:
        self.ev = ev
        self.edges = edges
        self.pools = pools
        self._takes = takes
        self._of_function: dict[Scope, tuple[_Taken, ...]] = {}

    def taken(self, pool: Pool, edge: Edge, scope: Scope, fixed: Known) -> Witness | None:
        """How a function that is called takes a connection of a pool by what this call passes it."""
        node, target = edge.link.node, edge.target
        if target is None or edge.others or not isinstance(node, ast.Call):
            return None
        for one, passed in self._passed(node, target, scope):
            if passed == pool and not is_excluded(
                one.links[0].node, target, self.edges.enter(node, target, scope, fixed)
            ):
                return Witness(one.links, one.effect)
        return None

    def _passed(self, node: ast.Call, target: Scope, scope: Scope) -> Iterator[tuple[_Taken, Pool]]:
        """What a function takes that is called, with the pools as they are known where it is called."""
        taken = self._taken_by(target)
        found = callees_of(self.ev, node, scope) if taken else ()
        callee = next((one for one in found if isinstance(one, Function) and one.scope is target), None)
        for one in taken if isinstance(callee, Function) else ():
            argument = self._passed_for(one.name, node, callee, scope)  # type: ignore[arg-type]
            if argument is not None:
                made = self._made_with(argument, one, target, scope)
                known = None if made is None else self.pools.identity(*made)
                yield one, known or put_for(one.pool, one.name, target, self.pools.identity(argument, scope))

    def _taken_by(self, function: Scope) -> tuple[_Taken, ...]:
        found = self._of_function.get(function)
        if found is None:
            self._of_function[function] = ()  # by calls in a circle it takes nothing else
            found = self._of_function[function] = tuple(self._find(function))
        return found

    def _find(self, function: Scope) -> Iterator[_Taken]:
        for edge in self.edges.of_scope(function):
            if edge.fact is not None:
                effect = opening_sink(edge.fact)
                pool = as_passed(asked(edge.fact), function) if effect else None
                if pool is not None and self._takes(edge.fact, function):
                    yield _Taken(borrowed(pool, function), pool, edge.links, effect)
            elif (
                edge.target is not None
                and not edge.others
                and edge.work is None
                and isinstance(edge.link.node, ast.Call)
            ):
                for one, pool in self._passed(edge.link.node, edge.target, function):
                    if name := borrowed(pool, function):
                        yield _Taken(name, pool, (*edge.links, *one.links), one.effect)

    def _made_with(
        self, argument: ast.expr, taken: _Taken, target: Scope, scope: Scope
    ) -> tuple[ast.expr, Scope] | None:
        """What a method takes from, ``self.maker``, where its object is made on the spot, ``Orders(self.maker).next()``, or by a
        property of the same object: the argument that the constructor is passed for it, with the scope in which it stands."""
        if taken.pool[:-1] != ("attribute", ("name", target.key, taken.name)):
            return None
        if isinstance(argument, ast.Attribute) and (inner := _own_property(self.ev, argument, scope)) is not None:
            argument, scope = inner.returns[0], inner
        found = callees_of(self.ev, argument, scope) if isinstance(argument, ast.Call) else ()
        if len(found) != 1 or not isinstance(found[0], ClassObject) or not isinstance(argument, ast.Call):
            return None
        name, init = str(taken.pool[-1]), constructor_of(self.ev, found[0])
        if init is not None and init.enclosing_class is not None:
            setting, parameter = set_from(init.enclosing_class, name)
            value = bound_to(init, argument, is_method=True).get(parameter) if setting is init else None
        else:
            order = fields_of(lineage(self.ev, found[0]))
            value = argument_for(argument, name, order.index(name)) if name in order else None
        return (value, scope) if value is not None else None

    def _passed_for(self, name: str, call: ast.Call, callee: Function, scope: Scope) -> ast.expr | None:
        """What a call passes for a parameter, also for that which is the object of a method."""
        own = callee.scope.first_parameter if callee.receiver is not None else None
        if own is not None and own.arg == name and callee.scope.enclosing_class is not None:
            found = alternatives_running(self.ev, call, callee.scope, scope)
            return found[0] if len(found) == 1 else None
        return passed_for(name, call, callee)


def _own_property(ev: Evaluator, read: ast.Attribute, scope: Scope) -> Scope | None:
    """The property of its own object that a method reads, where that gives one thing."""
    own, cls = scope.first_parameter, scope.enclosing_class
    if own is None or cls is None or not isinstance(read.value, ast.Name) or read.value.id != own.arg:
        return None
    bound = cls.bindings.get(read.attr, ())
    inner = bound[0].scope if len(bound) == 1 else None
    is_one = inner is not None and len(inner.returns) == 1 and not PROPERTIES.isdisjoint(decorators(ev, inner))
    return inner if is_one else None
