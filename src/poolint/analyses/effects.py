"""What a call does beyond its own function: effects, followed through the project's functions to a modelled sink.

A summary is found by a breadth-first search over first-party calls, so a witness is a shortest chain; everything that a
search without success has seen has no such effect either, and cycles need no care.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.callees import Edge, Edges, Link
from poolint.analyses.conditions import Known, is_excluded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.analyses.sinks import Sink
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallFact

__all__ = ["Edge", "Edges", "Effects", "Link", "Witness"]


class Witness(NamedTuple):
    """A chain of calls down to a sink, and what the sink does."""

    links: tuple[Link, ...]
    effect: str


_MAX_NESTED = 20
"""Abstract methods that are asked inside each other; real ones stay under 6."""

_Entry = tuple["Scope", Known]
"""A function as it is called: with what is known of its parameters."""


class Effects:
    """Summaries of the project's functions for one sink; computed on demand, memoised.

    ``below`` takes the sink's place in functions that are called: what is of interest only where it stands itself is
    none there. ``where`` is asked of each sink that is found, with the function that it stands in.
    """

    def __init__(
        self,
        edges: Edges,
        sink: Sink,
        where: Callable[[CallFact, Scope], bool] | None = None,
        *,
        below: Sink | None = None,
    ) -> None:
        self.edges = edges
        self.sink = sink
        self.where = where
        self.below = below or sink
        self._witnesses: dict[_Entry, Witness | None] = {}
        self._active: set[_Entry] = set()
        """Functions that are being looked at: an abstract method's others are asked in the middle of that."""
        self._provisional: set[_Entry] = set()
        """Those without an effect as far as is known before the outermost of these is done."""
        self._is_cut = False

    def of_call(self, node: ast.Call, scope: Scope) -> Witness | None:
        """A chain from this call to a sink, the call itself first; None when there is none."""
        retried: Witness | None = None
        for link, fact, target, others, is_around in self.edges.of_call(node, scope):
            effect = self._effect(fact, scope, self.sink)
            if effect:
                retried = Witness((link,), effect)
                if not is_around:
                    return retried
            if target is None or not self._have_it(others, node, ()):
                continue
            below = self.of_function(target, self.edges.enter(node, target, ()))
            if below is not None:
                return Witness((link, *below.links), below.effect)
        return retried

    def implied(self, scope: Scope) -> Iterator[tuple[ast.expr, Witness]]:
        """The blocks and loops of a function that have the effect themselves."""
        for link, fact, *_ in self.edges.implied(scope):
            effect = self._effect(fact, scope, self.sink)
            if effect:
                yield link.node, Witness((link,), effect)

    def _have_it(self, others: tuple[Scope, ...], node: ast.Call, caller: Known) -> bool:
        """Whether each of the functions that may run here reaches a sink, too."""
        return all(self.of_function(one, self.edges.enter(node, one, caller)) is not None for one in others)

    def _effect(self, fact: CallFact | None, scope: Scope, sink: Sink) -> str:
        effect = sink(fact) if fact is not None else ""
        return effect if effect and fact is not None and (self.where is None or self.where(fact, scope)) else ""

    def of_function(self, scope: Scope, fixed: Known = ()) -> Witness | None:
        """A shortest chain from the body of a function to a sink."""
        start = (scope, fixed)
        if start in self._witnesses:
            return self._witnesses[start]
        if start in self._active or start in self._provisional or len(self._active) >= _MAX_NESTED:
            self._is_cut = True
            return None
        was_cut, self._is_cut = self._is_cut, False
        self._active.add(start)
        try:
            witness, seen = self._search(start)
        finally:
            self._active.discard(start)
        if witness is not None:
            self._witnesses[start] = witness
        elif not self._is_cut:
            self._witnesses.update(dict.fromkeys(seen))
        else:
            self._provisional.add(start)
        if not self._active:
            self._provisional.clear()
        self._is_cut = was_cut or (self._is_cut and witness is None)
        return witness

    def _search(self, start: _Entry) -> tuple[Witness | None, Iterable[_Entry]]:
        """The witness of a function, and what was looked at."""
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
                        return retried, ()
                if target is None:
                    continue
                assert isinstance(link.node, ast.Call)
                if others and not self._have_it(others, link.node, entry[1]):
                    continue
                following = (target, self.edges.enter(link.node, target, entry[1]))
                if following not in came_by and self._witnesses.get(following, 0) is not None:
                    came_by[following] = (entry, link)
                    queue.append(following)
        return retried, came_by


def _chain(came_by: dict[_Entry, tuple[_Entry, Link] | None], entry: _Entry) -> tuple[Link, ...]:
    links: list[Link] = []
    step = came_by[entry]
    while step is not None:
        links.append(step[1])
        step = came_by[step[0]]
    return tuple(reversed(links))
