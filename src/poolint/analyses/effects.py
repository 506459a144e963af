"""What a call does beyond its own function: effects, followed through the project's functions to a modelled sink.

Whether a function reaches a sink is a problem of summaries. A witness is only looked for where it does, and where somebody
asks for it: by a breadth-first search over first-party calls, so that it is a shortest chain.
"""

from __future__ import annotations

import ast
from collections import deque
from operator import or_
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.callees import Edges
from poolint.analyses.conditions import NOTHING_RAISED, RESULT_RUNS, Known, is_excluded
from poolint.analyses.contexts import LOOP_RUNS
from poolint.analyses.edges import Edge, Link
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import ScopeKey
from poolint.syntax.second_tries import is_after_a_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poolint.analyses.sinks import Sink
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite

__all__ = ["Edge", "Edges", "Effects", "Link", "Witness"]


class Witness(NamedTuple):
    """A chain of calls down to a sink, and what the sink does."""

    links: tuple[Link, ...]
    effect: str

    @property
    def below(self) -> Iterator[Scope]:
        """The functions that it leads through, but for the one where it begins."""
        return (link.scope for link in self.links[1:])


class Called(NamedTuple):
    """A function as it is called: with what is known of its parameters."""

    function: ScopeKey
    fixed: Known


_Entry = tuple["Scope", Known]
"""The same while its tree is at hand."""


class Effects:
    """What reaches one sink.

    ``below`` takes the sink's place in functions that are called: what is of interest only where it stands itself is
    none there. ``where`` is asked of each sink that is found, with the function that it stands in. ``recovers``: what a
    decorator does about an exception counts for each function that it wraps, or of that only what ``recovering`` says: a
    pause before it tries again.
    ``of_some``: of several functions that may run it is enough that one has the effect. ``threads``: what runs in a thread
    that is awaited counts as well. ``at_last`` are effects that are told only where there is no other, the last of them
    least: what backs off after a failure has done something before, and that is what is waited for. ``failing``: what is
    done only after something has failed counts as well; ``after_failure`` says what is told of an effect instead then.
    ``by_passing`` says what a function of the project does with what
    this call passes it, where that is of interest and its own calls do not tell.
    """

    def __init__(
        self,
        edges: Edges,
        sink: Sink,
        where: Callable[[CallSite, Scope], bool] | None = None,
        *,
        below: Sink | None = None,
        recovers: bool = False,
        recovering: Sink | None = None,
        of_some: bool = False,
        threads: bool = False,
        at_last: tuple[str, ...] = (),
        failing: bool = True,
        after_failure: Mapping[str, str] = MappingProxyType({}),
        by_passing: Callable[[Edge, Scope, Known], Witness | None] | None = None,
    ) -> None:
        self.edges = edges
        self.sink = sink
        self.where = where
        self.below = below or sink
        self.recovers = recovers
        self.of_some = of_some
        self.threads = threads
        self.at_last = at_last
        self.failing = failing
        self.after_failure = after_failure
        self.by_passing = by_passing
        self._recovering = (
            Effects(edges, recovering, where, recovers=True, of_some=of_some, threads=threads)
            if recovering is not None
            else None
        )
        self._reaching: Summaries[Called, bool] = Summaries(
            "reaches", self._reaches, bottom=False, join=or_, components=edges.components
        )
        self._near: Summaries[ScopeKey, bool] = Summaries(
            "may-reach", self._comes_near, bottom=False, join=or_, components=edges.components
        )
        """Whether functions come to a sink by any way at all, whatever is known of their parameters: most do not, and of these
        nobody need find out what their callers fix."""
        self._doing: dict[Called, bool] = {}
        self._witnesses: dict[_Entry, Witness] = {}

    def inherit(self, other: Effects, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._near.inherit(other._near, living)
        self._reaching.inherit(other._reaching, living)
        if self._recovering is not None and other._recovering is not None:
            self._recovering.inherit(other._recovering, living)

    def of_call(self, node: ast.Call, scope: Scope, around: Known = ()) -> Witness | None:
        """A chain from this call to a sink, the call itself first; None when there is none. ``around`` is what is known of all
        that the call runs."""
        edges = self.edges.of_call(node, scope)
        return self._of_edges(edges, scope, around) if edges else None  # most calls have none

    def of_edge(self, edge: Edge, scope: Scope) -> Witness | None:
        """A chain by one of the edges of a call in ``scope``."""
        return self._of_edges((edge,), scope)

    def _of_edges(self, edges: Iterable[Edge], scope: Scope, around: Known = ()) -> Witness | None:
        found = self._along(edges, scope, around)
        if found is None or not scope.is_async or not any(map(self.edges.contexts.asks_for_loop, found.below)):
            return found
        return self._along(edges, scope, (*around, LOOP_RUNS))

    def _along(self, edges: Iterable[Edge], scope: Scope, around: Known) -> Witness | None:
        retried: Witness | None = None
        for edge in edges:
            if (edge.in_thread and not self.threads) or edge.is_handed:
                continue
            effect = self._effect(edge.fact, scope, self.sink)
            if effect:
                found = Witness(edge.links, effect)
                if not edge.is_around:
                    return found
                retried = self._rather(retried, found)
            passing = self._passing(edge, scope, around)
            if passing is not None:
                return Witness((*edge.links, *passing.links), passing.effect)
            below = self._below(self._reached(edge, edge.link.node, scope, around))
            if below is not None:
                found = Witness((*edge.links, *below.links), below.effect)
                if below.effect not in self.at_last:
                    return found
                retried = self._rather(retried, found)
        return retried

    def _below(self, called: list[Called]) -> Witness | None:
        """The chain of what a call runs. Of several implementations one that calls something speaks for one that sleeps."""
        found: Witness | None = None
        for one in called:
            below = self.of_function(self.edges.ev.project.scope(one.function), one.fixed)
            told = {one.effect for one in (below, found) if one is not None}
            if below is not None and found is not None and "sleep" in told and told.isdisjoint(self.at_last):
                found = found if below.effect == "sleep" else below
            elif below is not None:
                found = self._rather(found, below)
        return found

    def _of_scope(self, scope: Scope, fixed: Known = (RESULT_RUNS,)) -> Iterable[Edge]:
        """The calls of a function that count; those that it only hands on where a caller makes them run."""
        found = self.edges.of_scope(scope)
        if not self.threads and scope in self.edges.with_threads:
            found = tuple(one for one in found if not one.in_thread)
        return found if RESULT_RUNS in fixed else [one for one in found if not one.is_handed]

    def implied(self, scope: Scope) -> Iterator[tuple[ast.expr, Witness]]:
        """The blocks and loops of a function that have the effect themselves, and the properties that it reads."""
        for edge in self.edges.implied(scope):
            witness = self._of_edges((edge,), scope)
            if witness is not None:
                yield edge.link.node, witness

    def of_implied(self, node: ast.expr, scope: Scope, around: Known = ()) -> Witness | None:
        """The chain from one of these, where ``around`` is known of all that it runs."""
        return self._of_edges((one for one in self.edges.implied(scope) if one.link.node is node), scope, around)

    def _reached(self, edge: Edge, node: ast.expr, scope: Scope, caller: Known) -> list[Called]:
        """The functions that a call may run, as it calls them, where one has to be looked into for the effect: all of them,
        where each reaches a sink; or those that do, where one is enough."""
        if edge.target is None or not self._leads_near(edge):
            return []
        if not edge.others:
            return [self._called(edge, edge.target, node, scope, caller)]
        called = [self._called(edge, one, node, scope, caller) for one in (edge.target, *edge.others)]
        if self.of_some:
            return [one for one in called if self._reaching.of(one)]
        return called if all(map(self._reaching.of, called)) else []

    def _called(self, edge: Edge, target: Scope, node: ast.expr, scope: Scope, caller: Known) -> Called:
        fixed = self.edges.enter(edge.work or node, target, scope, caller)
        # A block that a wrapper enters is around what is decorated as well.
        is_wrapper = edge.is_wrapper or (target.is_generator and NOTHING_RAISED in caller)
        if is_wrapper and not self.recovers:
            fixed = (*fixed, NOTHING_RAISED)
        return Called(target.key, fixed)

    def _reaches(self, key: Called) -> bool:
        """Whether a function has the effect, or calls one that has: of an abstract one, all that may run there."""
        if self._does(key):
            return True
        scope = self.edges.ev.project.scope(key.function)
        entered = []
        for edge in self._of_scope(scope, key.fixed):
            node = edge.link.node
            effects = self._within(edge, scope, key.fixed) if edge.target is not None else None
            if edge.target is not None and effects is not None and effects._leads_near(edge):
                called = effects._called(edge, edge.target, node, scope, key.fixed)
                # What is near is looked at first: it may save reading what lies behind the others.
                is_near = effects._reaching.finished.get(called) or effects._does(called)
                if is_near and effects._reached(edge, node, scope, key.fixed):
                    return True
                entered.append((effects, edge, node))
        return any(
            effects._reaching.of(called)
            for effects, edge, node in entered
            for called in effects._reached(edge, node, scope, key.fixed)
        )

    def _leads_near(self, edge: Edge) -> bool:
        """Whether a call may come to a sink: where nothing is passed that tells, by all that may run there, or by one of these
        where that is enough."""
        if edge.target is None:
            return False
        if self.by_passing is not None:
            return True
        if not edge.others:
            return self._near.of(edge.target.key)
        near = (self._near.of(one.key) for one in (edge.target, *edge.others))
        return any(near) if self.of_some else all(near)

    def _comes_near(self, function: ScopeKey) -> bool:
        scope = self.edges.ev.project.scope(function)
        counting = (self, self._recovering) if self._recovering is not None else (self,)
        leading: list[Edge] = []
        for edge in self._of_scope(scope):
            if not self.failing and is_after_a_failure(edge.link.node):
                continue
            if any(one._effect(edge.fact, scope, one.below) for one in counting):
                return True
            if edge.target is not None:
                leading.append(edge)
        # Where failures count, what recovers from them comes near to nothing that the rest does not come near to as well.
        return any(one._leads_near(edge) for edge in leading for one in (counting[:1] if self.failing else counting))

    def _within(self, edge: Edge, scope: Scope, fixed: Known) -> Effects | None:
        """By what counts of a call in a function that is called like this; None where it is not made then."""
        node = edge.link.node
        if (not self.failing and is_after_a_failure(node)) or not self._is_reached(edge.link):
            return None
        if not fixed:
            return self
        if not self.edges.is_chosen(edge, scope, fixed):
            return None  # it is called on something else then
        if not is_excluded(node, scope, fixed):
            return self
        if self._recovering is None or NOTHING_RAISED not in fixed:
            return None
        rest = tuple(one for one in fixed if one != NOTHING_RAISED)
        return None if is_excluded(node, scope, rest) else self._recovering

    def _is_reached(self, link: Link) -> bool:
        """Whether the function that a call stands in comes to it."""
        graphs = self.edges.graphs
        if graphs is None or link.scope.kind != "function" or not isinstance(link.node, ast.Call):
            return True
        return graphs.is_reached(link.node, link.scope)

    def _does(self, key: Called) -> bool:
        """Whether a function has the effect by a call of its own."""
        found = self._doing.get(key)
        if found is None:
            scope = self.edges.ev.project.scope(key.function)
            found = self._doing[key] = any(
                self._effect(fact, scope, self.below)
                and (effects := self._within(edge, scope, key.fixed)) is not None
                and (effects is self or effects._effect(fact, scope, effects.below))
                for edge in self._of_scope(scope, key.fixed)
                if (fact := edge.fact) is not None
            ) or any(
                self._passing(edge, scope, key.fixed) is not None and self._within(edge, scope, key.fixed) is not None
                for edge in (self._of_scope(scope, key.fixed) if self.by_passing is not None else ())
            )
        return found

    def _passing(self, edge: Edge, scope: Scope, fixed: Known) -> Witness | None:
        """What a function of the project does with what it is passed by a call."""
        return self.by_passing(edge, scope, fixed) if self.by_passing is not None and edge.target is not None else None

    def _effect(self, fact: CallSite | None, scope: Scope, sink: Sink) -> str:
        effect = sink(fact) if fact is not None else ""
        return effect if effect and fact is not None and (self.where is None or self.where(fact, scope)) else ""

    def of_function(self, scope: Scope, fixed: Known = ()) -> Witness | None:
        """A shortest chain from the body of a function to a sink."""
        if self.by_passing is None and not self._near.of(scope.key):
            return None
        if not self._reaching.of(Called(scope.key, fixed)):
            return None
        found = self._witnesses.get((scope, fixed))
        if found is None:
            found = self._witnesses[scope, fixed] = self._search((scope, fixed))
        return found

    def _search(self, start: _Entry) -> Witness:
        """The witness of a function that reaches a sink."""
        came_by: dict[_Entry, tuple[_Entry, tuple[Link, ...]] | None] = {start: None}
        queue = deque([start])
        retried: Witness | None = None
        of_several: set[_Entry] = set()
        stand_in: Witness | None = None
        while queue:
            entry = queue.popleft()
            if stand_in is not None and entry not in of_several:
                continue
            for edge in self._of_scope(*entry):
                effect = self._effect(edge.fact, entry[0], self.below)
                if not effect and edge.target is None:
                    continue
                effects = self._within(edge, *entry)
                if effects is None:
                    continue
                if effects is not self:
                    effect = effects._effect(edge.fact, entry[0], effects.below)
                if effect and (not edge.is_around or retried is None):
                    found = self._told((*_chain(came_by, entry), *edge.links), effect)
                    if not edge.is_around and found.effect not in self.at_last:
                        if found.effect != "sleep" or entry not in of_several:
                            return found
                        stand_in = stand_in or found  # of several implementations one may call something
                        continue
                    retried = self._rather(retried, found)
                passing = self._passing(edge, *entry)
                if passing is not None:
                    return Witness((*_chain(came_by, entry), *edge.links, *passing.links), passing.effect)
                for called in effects._reached(edge, edge.link.node, *entry):
                    target = self.edges.ev.project.scope(called.function)
                    if effects is not self:
                        below = effects.of_function(target, called.fixed)
                        if below is not None and retried is None:
                            links = (*_chain(came_by, entry), *edge.links, *below.links)
                            retried = Witness(links, below.effect)
                        continue
                    following = (target, called.fixed)
                    if following not in came_by and self._may_reach(called, is_sure=retried is not None):
                        came_by[following] = (entry, edge.links)
                        if edge.others or entry in of_several:
                            of_several.add(following)
                        queue.append(following)
        if stand_in is not None:
            return stand_in
        assert retried is not None, "what reaches a sink has a chain to it"
        return retried

    def _told(self, links: tuple[Link, ...], effect: str) -> Witness:
        """A chain below a call: who calls something that pauses only after a failure backs off."""
        is_later = effect in self.after_failure and any(is_after_a_failure(one.node) for one in links)
        return Witness(links, self.after_failure[effect] if is_later else effect)

    def _rather(self, known: Witness | None, found: Witness) -> Witness:
        """Which of two chains is told, where one is known already."""
        if known is None or self._rank(found) < self._rank(known):
            return found
        return known

    def _rank(self, one: Witness) -> int:
        return self.at_last.index(one.effect) if one.effect in self.at_last else -1

    def _may_reach(self, called: Called, *, is_sure: bool) -> bool:
        """Whether a function is worth looking into: it reaches a sink, or nobody has asked yet. ``is_sure``: it is asked."""
        return self._reaching.of(called) if is_sure else self._reaching.finished.get(called) is not False


def _chain(came_by: dict[_Entry, tuple[_Entry, tuple[Link, ...]] | None], entry: _Entry) -> tuple[Link, ...]:
    links: list[Link] = []
    step = came_by[entry]
    while step is not None:
        links += reversed(step[1])
        step = came_by[step[0]]
    return tuple(reversed(links))
