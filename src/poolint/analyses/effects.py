"""What a call does beyond its own function: effects, followed through the project's functions to a modelled sink.

Whether a function reaches a sink is a problem of summaries. A witness is only looked for where it does, and where somebody
asks for it: by a breadth-first search over first-party calls, so that it is a shortest chain.
"""

from __future__ import annotations

import ast
from collections import deque
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.callees import Edge, Edges, Link
from poolint.analyses.conditions import Known, is_excluded
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import ScopeKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.sinks import Sink
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite

__all__ = ["Edge", "Edges", "Effects", "Link", "Witness"]


class Witness(NamedTuple):
    """A chain of calls down to a sink, and what the sink does."""

    links: tuple[Link, ...]
    effect: str


class Called(NamedTuple):
    """A function as it is called: with what is known of its parameters."""

    function: ScopeKey
    fixed: Known


_Entry = tuple["Scope", Known]
"""The same while its tree is at hand."""


class Effects:
    """What reaches one sink.

    ``below`` takes the sink's place in functions that are called: what is of interest only where it stands itself is
    none there. ``where`` is asked of each sink that is found, with the function that it stands in.
    """

    def __init__(
        self,
        edges: Edges,
        sink: Sink,
        where: Callable[[CallSite, Scope], bool] | None = None,
        *,
        below: Sink | None = None,
    ) -> None:
        self.edges = edges
        self.sink = sink
        self.where = where
        self.below = below or sink
        self._reaching: Summaries[Called, bool] = Summaries(
            "reaches", self._reaches, bottom=False, join=or_, components=edges.components
        )
        self._doing: dict[Called, bool] = {}
        self._witnesses: dict[_Entry, Witness] = {}

    def of_call(self, node: ast.Call, scope: Scope) -> Witness | None:
        """A chain from this call to a sink, the call itself first; None when there is none."""
        retried: Witness | None = None
        for link, fact, target, others, is_around in self.edges.of_call(node, scope):
            effect = self._effect(fact, scope, self.sink)
            if effect:
                retried = Witness((link,), effect)
                if not is_around:
                    return retried
            if target is None or not self._have_it(others, node, scope, ()):
                continue
            below = self.of_function(target, self.edges.enter(node, target, scope, ()))
            if below is not None:
                return Witness((link, *below.links), below.effect)
        return retried

    def implied(self, scope: Scope) -> Iterator[tuple[ast.expr, Witness]]:
        """The blocks and loops of a function that have the effect themselves."""
        for link, fact, *_ in self.edges.implied(scope):
            effect = self._effect(fact, scope, self.sink)
            if effect:
                yield link.node, Witness((link,), effect)

    def _have_it(self, others: tuple[Scope, ...], node: ast.Call, scope: Scope, caller: Known) -> bool:
        """Whether each of the functions that may run here reaches a sink, too."""
        return all(self._reaching.of(self._called(one, node, scope, caller)) for one in others)

    def _called(self, target: Scope, node: ast.Call, scope: Scope, caller: Known) -> Called:
        return Called(target.key, self.edges.enter(node, target, scope, caller))

    def _reaches(self, key: Called) -> bool:
        """Whether a function has the effect, or calls one that has: of an abstract one, all that may run there."""
        if self._does(key):
            return True
        scope = self.edges.ev.project.scope(key.function)
        entered = []
        for link, _, target, others, _ in self.edges.of_scope(scope):
            if target is not None and not (key.fixed and is_excluded(link.node, scope, key.fixed)):
                assert isinstance(link.node, ast.Call)
                called = self._called(target, link.node, scope, key.fixed)
                # What is near is looked at first: it may save reading what lies behind the others.
                is_near = self._reaching.finished.get(called) or self._does(called)
                if is_near and self._have_it(others, link.node, scope, key.fixed):
                    return True
                entered.append((called, others, link.node))
        return any(
            self._reaching.of(called) and self._have_it(others, node, scope, key.fixed)
            for called, others, node in entered
        )

    def _does(self, key: Called) -> bool:
        """Whether a function has the effect by a call of its own."""
        found = self._doing.get(key)
        if found is None:
            scope = self.edges.ev.project.scope(key.function)
            found = self._doing[key] = any(
                self._effect(fact, scope, self.below) and not (key.fixed and is_excluded(link.node, scope, key.fixed))
                for link, fact, *_ in self.edges.of_scope(scope)
                if fact is not None
            )
        return found

    def _effect(self, fact: CallSite | None, scope: Scope, sink: Sink) -> str:
        effect = sink(fact) if fact is not None else ""
        return effect if effect and fact is not None and (self.where is None or self.where(fact, scope)) else ""

    def of_function(self, scope: Scope, fixed: Known = ()) -> Witness | None:
        """A shortest chain from the body of a function to a sink."""
        if not self._reaching.of(Called(scope.key, fixed)):
            return None
        found = self._witnesses.get((scope, fixed))
        if found is None:
            found = self._witnesses[scope, fixed] = self._search((scope, fixed))
        return found

    def _search(self, start: _Entry) -> Witness:
        """The witness of a function that reaches a sink."""
        came_by: dict[_Entry, tuple[_Entry, Link] | None] = {start: None}
        queue = deque([start])
        retried: Witness | None = None
        while queue:
            entry = queue.popleft()
            for link, fact, target, others, is_around in self.edges.of_scope(entry[0]):
                effect = self._effect(fact, entry[0], self.below)
                if not effect and target is None:
                    continue
                if entry[1] and is_excluded(link.node, *entry):
                    continue
                if effect and (not is_around or retried is None):
                    retried = Witness((*_chain(came_by, entry), link), effect)
                    if not is_around:
                        return retried
                if target is None:
                    continue
                assert isinstance(link.node, ast.Call)
                if others and not self._have_it(others, link.node, *entry):
                    continue
                following = (target, self.edges.enter(link.node, target, *entry))
                known = self._reaching.finished.get(Called(target.key, following[1]))
                if following not in came_by and known is not False:
                    came_by[following] = (entry, link)
                    queue.append(following)
        assert retried is not None, "what reaches a sink has a chain to it"
        return retried


def _chain(came_by: dict[_Entry, tuple[_Entry, Link] | None], entry: _Entry) -> tuple[Link, ...]:
    links: list[Link] = []
    step = came_by[entry]
    while step is not None:
        links.append(step[1])
        step = came_by[step[0]]
    return tuple(reversed(links))
