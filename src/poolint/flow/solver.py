"""Data flow over control-flow graphs: fixpoints of a lattice, sets of states with witnesses, and plain reachability.

Three questions, of which each is the next one with more to say. :func:`reach`: what may run after this. :func:`explore`:
in which states, each of them kept apart, with a shortest witness to each. :func:`solve`: what is known where ways meet,
as one fact of a lattice. A *transfer function* belongs to an edge and not to an event, since how an event came out is
what its edges say: a call that raises may leave behind something else than one that returns, and so may a cancelled
await or a closed generator. The event itself is the edge's ``source``.

All three are deterministic: they depend on the order of a graph's edges and on nothing else.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from poolint.flow.cfg import TooComplex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poolint.flow.cfg import Edge, Graph, Node

Fact = TypeVar("Fact")
State = TypeVar("State")


class Problem(msgspec.Struct, Generic[Fact], frozen=True):
    """What :func:`solve` is to find out.

    A fact says what holds right *before* an event, in either direction. ``initial`` has the facts of the events that
    the analysis begins at: the entry forward, the exits backward, and whatever else something is known of from the
    start (backward, an endless loop leads to no exit). ``join`` is the least upper bound of two facts, in a semilattice
    without infinite ascending chains. ``transfer`` gets an edge and the fact at its beginning (backward: at its end)
    and says which fact it carries to the other one; None, which is no fact, says that this edge carries nothing.
    """

    initial: Mapping[Node, Fact]
    join: Callable[[Fact, Fact], Fact]
    transfer: Callable[[Edge, Fact], Fact | None]
    backward: bool = False


def solve(graph: Graph, problem: Problem[Fact]) -> dict[Node, Fact]:
    """The least solution: the fact of each event that one of the initial facts is carried to, and of no other.

    Takes at most as many transfers as there are edges times steps in the lattice. Events are visited in reverse
    postorder (backward: in postorder), so that most facts are final when they are passed on. Where ``transfer`` is not
    monotone there may be no least solution; the answer is one that no edge adds to.
    """
    order = graph.reverse_postorder()[:: -1 if problem.backward else 1]
    place = {node: index for index, node in enumerate(order)}
    facts = dict(problem.initial)
    queue = [place[node] for node in facts if node in place]
    heapify(queue)
    waiting = set(queue)
    join, transfer, backward = problem.join, problem.transfer, problem.backward
    while queue:
        index = heappop(queue)
        waiting.discard(index)
        node = order[index]
        fact = facts[node]
        for edge in node.predecessors if backward else node.successors:
            carried = transfer(edge, fact)
            if carried is None:
                continue
            following = edge.source if backward else edge.target
            known = facts.get(following)
            joined = carried if known is None else join(known, carried)
            if known is not None and joined == known:
                continue
            facts[following] = joined
            at = place[following]
            if at not in waiting:
                waiting.add(at)
                heappush(queue, at)
    return facts


class Exploration(Generic[State]):
    """The points, that is pairs of an event and a state right before it, that some ways lead to: see :func:`explore`.

    Iterating gives each point once, breadth first. What follows a point is only looked for when the iteration goes on
    from it, so that a caller who stops early pays for no more; what has been found stays.
    """

    __slots__ = ("_bound", "_expanded", "_graph", "_links", "_points", "_transfer")

    def __init__(
        self,
        graph: Graph,
        begun: Iterable[tuple[Edge, State]],
        transfer: Callable[[Edge, State], State | None],
        bound: int | None,
    ) -> None:
        self._graph = graph
        self._transfer = transfer
        self._bound = bound
        self._links: dict[tuple[Node, State], tuple[tuple[Node, State] | None, Edge]] = {}
        """By which edge each point was first come to, and from which point: None where it is one to begin with."""
        self._points: list[tuple[Node, State]] = []
        self._expanded = 0
        for edge, state in begun:
            self._add((edge.target, state), None, edge)

    def __iter__(self) -> Iterator[tuple[Node, State]]:
        index = 0
        while index < len(self._points):
            yield self._points[index]
            if index == self._expanded:
                self._expanded += 1
                self._expand(self._points[index])
            index += 1

    def __len__(self) -> int:
        """How many points have been found so far."""
        return len(self._points)

    def states(self) -> dict[Node, list[State]]:
        """The states of each event, those with the shortest witness first."""
        found: dict[Node, list[State]] = {}
        for node, state in self:
            found.setdefault(node, []).append(state)
        return found

    def before(self, point: tuple[Node, State]) -> tuple[Node, State] | None:
        """The point that the witness to a point passes last; None where it begins with the edge to ``point``."""
        return self._links[point][0]

    def witness(self, point: tuple[Node, State]) -> list[Edge]:
        """A shortest way to a point that has been found: its edges, beginning with one of those begun with.

        Of several it is the one whose edges stand first in the graph.
        """
        edges = []
        current: tuple[Node, State] | None = point
        while current is not None:
            current, edge = self._links[current]
            edges.append(edge)
        return edges[::-1]

    def _expand(self, point: tuple[Node, State]) -> None:
        node, state = point
        for edge in node.successors:
            after = self._transfer(edge, state)
            if after is not None:
                self._add((edge.target, after), point, edge)

    def _add(self, point: tuple[Node, State], previous: tuple[Node, State] | None, edge: Edge) -> None:
        if point in self._links:
            return
        if self._bound is not None and len(self._points) >= self._bound:
            raise TooComplex(self._graph.function, self._bound)
        self._links[point] = (previous, edge)
        self._points.append(point)


def explore(
    graph: Graph,
    begun: Iterable[tuple[Edge, State]],
    transfer: Callable[[Edge, State], State | None],
    bound: int | None = None,
) -> Exploration[State]:
    """Which states each event may be in, forward from some edges, each with the state that it ends in.

    States are compared and never joined, so that each one has a way that shows it; there must be finitely many.
    ``transfer`` gets an edge and the state at its beginning, and says the state at its end; None where the way ends.

    Raises:
        TooComplex: while iterating, for a ``graph`` that takes more than ``bound`` points.
    """
    return Exploration(graph, begun, transfer, bound)


def edges_from(events: Iterable[Node]) -> list[Edge]:
    """The edges that lead on from some events, in order."""
    return [edge for event in events for edge in event.successors]


def completed(events: Iterable[Node]) -> list[Edge]:
    """The edges that lead on from some events once these have happened, in order: not those on which they have raised."""
    return [edge for edge in edges_from(events) if not edge.is_unwinding]


def raised(events: Iterable[Node]) -> list[Edge]:
    """The edges on which an exception leaves some events."""
    return [edge for edge in edges_from(events) if edge.kind == "exception"]


def reach(begun: Iterable[Edge], passes: Callable[[Edge], bool] | None = None) -> Iterator[Node]:
    """The events that some edges lead to, themselves and after them, each once and breadth first.

    ``passes`` says which of the later edges are taken (default: all); those ``begun`` with always are. As in an
    :class:`Exploration` an event's edges are only asked for once the caller has seen the event and wants more.
    """
    seen: set[Node] = set()
    queue: deque[Node] = deque()
    for edge in begun:
        if edge.target not in seen:
            seen.add(edge.target)
            queue.append(edge.target)
    while queue:
        node = queue.popleft()
        yield node
        for edge in node.successors:
            target = edge.target
            if target not in seen and (passes is None or passes(edge)):
                seen.add(target)
                queue.append(target)
