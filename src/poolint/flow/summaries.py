"""Summaries of functions: least fixpoints over the strongly connected components of whatever is asked.

:class:`Summaries` are the values of one problem, which says how the value of a key, such as a function with one of its
parameters, follows from the values of other keys. Keys and values are plain: names and primitives, never nodes of a
tree. Nothing has to be known in advance of who depends on whom: dependencies are what a computation asks for while it
runs.

:class:`Components` is the search behind it, one for all problems that may ask each other. It is Tarjan's algorithm on
the graph of dependencies as that unfolds. A key that is met while it is being computed answers with what is known of it
so far, at first the bottom of its lattice. The keys of a closed component are computed anew from the bottom, in an order
that follows from the component alone, until none of them rises any more. Only then are they remembered. So a value
depends on the problem, never on the key that was asked first. A component of which no fixpoint is found has no answer:
:class:`UnsolvedError` is raised, for whoever depends on it and whenever it is asked.

Computations stand inside each other up to ``MAX_NESTED``; a longer chain is unwound, continued from its far end, and the
computations that were cut short are begun again, so that chains of any length need no deep stack. It is here, next to
the solver of graphs, since the types of what functions return are found by it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from poolint.syntax.living import Living

__all__ = ["MAX_NESTED", "MAX_RISES", "Components", "Summaries", "UnsolvedError"]

MAX_NESTED = 16
"""Computations that stand inside each other; real chains of helpers are shorter than ten."""

MAX_RISES = 64
"""Times that the value of a key may rise within its component; real lattices are not half as high."""

WIDENED_AFTER = 4
"""Rises after which values are widened, where a problem says how; most rise once."""

_NOT_FINAL: Any = object()

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Summaries(Generic[K, V]):
    """The values of one problem; computed on demand, remembered when they are final.

    ``name`` says what is asked, in a word; no two problems that share their ``components`` have the same. ``compute``
    gives the value of a key by what :meth:`of` says of others, the same for the same answers and without effects; it is
    monotone: greater answers never make its value smaller. ``bottom`` is the least value, ``join`` gives the least one
    that is at least two of them. Where a lattice has no top, or an answer may take back what another one rests on,
    ``widen`` is used instead of it for values that go on rising: it has to come to an end. ``rank`` says in which order
    the keys of a component are computed, by what they are called; no two have the same.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[[K], V],
        *,
        bottom: V,
        join: Callable[[V, V], V],
        widen: Callable[[V, V], V] | None = None,
        rank: Callable[[K], str] = repr,
        components: Components | None = None,
    ) -> None:
        self.name = name
        self.compute = compute
        self.bottom = bottom
        self.join = join
        self.widen = widen or join
        self.rank = rank
        self.components = components if components is not None else Components()
        self.finished: dict[K, V] = {}
        """What is final."""
        self.open: dict[K, _Node] = {}
        """What is being computed, or belongs to a component that is not closed yet."""
        self.unsolved: set[K] = set()
        """What belongs to a component of which no fixpoint was found."""

    def inherit(self, other: Summaries[K, V], living: Living) -> None:
        """Take over the values of the same problem that belong to files that still are as they were."""
        self.finished = living.kept(other.finished)

    def of(self, key: K) -> V:
        """The value of a key: final, but for a computation that the key itself depends on.

        Raises :class:`UnsolvedError` where it has none.
        """
        value: V = self.finished.get(key, _NOT_FINAL)
        return self.components.ask(self, key) if value is _NOT_FINAL else value


class _Node:
    """A key that is not final yet.

    ``low`` is the earliest place on the stack that it is known to depend on, ``provisional`` counts the answers that it
    has got which were not final.
    """

    __slots__ = ("asked_by", "asks", "key", "low", "place", "provisional", "summaries", "value")

    def __init__(self, summaries: Summaries[Any, Any], key: Hashable, place: int) -> None:
        self.summaries = summaries
        self.key = key
        self.place = place
        self.low = place
        self.value: Any = summaries.bottom
        self.provisional = 0
        self.asks: dict[_Node, None] = {}
        self.asked_by: dict[_Node, None] = {}

    def __repr__(self) -> str:
        return f"{self.summaries.name} {self.key!r}"


class UnsolvedError(Exception):
    """A value rose more than ``MAX_RISES`` times, so it is not known, nor is what depends on it."""


class _TooDeepError(BaseException):
    """Ends computations that stand too deep inside each other: no error, so no handler of errors may stop it."""

    def __init__(self, node: _Node) -> None:
        super().__init__()
        self.unwound = [node]
        """The key that was not begun, and those whose computation was cut short, the innermost first."""


class Components:
    """The search for strongly connected components that problems share which ask each other.

    ``nested`` is how many computations may stand inside each other, ``MAX_NESTED`` where it is None.
    """

    def __init__(self, nested: int | None = None) -> None:
        self.nested = MAX_NESTED if nested is None else nested
        self._stack: list[_Node] = []
        """Tarjan's stack: all keys that are not final, in the order in which they were met."""
        self.asking: list[_Node] = []
        """Whose values are being computed, each inside the one before."""

    @property
    def provisional(self) -> int:
        """How many answers that were not final the innermost computation has got so far, none where nothing is being
        computed: what a client has derived while this grew must not be kept."""
        return self.asking[-1].provisional if self.asking else 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being computed."""
        return not self.asking

    def ask(self, summaries: Summaries[Any, Any], key: Hashable) -> Any:
        """The value of a key that is not final yet."""
        if key in summaries.unsolved:
            raise UnsolvedError(f"{summaries.name} {summaries.rank(key)}")
        asker = self.asking[-1] if self.asking else None
        node = summaries.open.get(key)
        if node is None:
            node = self._begin(summaries, key)
            if asker is None:
                self._search(node)
            elif len(self.asking) >= self.nested:
                raise _TooDeepError(node)
            else:
                self._visit(node)
            if key in summaries.finished:
                return summaries.finished[key]
        assert asker is not None
        asker.asks[node] = None
        node.asked_by[asker] = None
        asker.low = min(asker.low, node.low)
        asker.provisional += 1
        return node.value

    def _begin(self, summaries: Summaries[Any, Any], key: Hashable) -> _Node:
        node = summaries.open[key] = _Node(summaries, key, len(self._stack))
        self._stack.append(node)
        return node

    def _search(self, start: _Node) -> None:
        """Compute a key that nothing else waits for, and all that it depends on."""
        path = [start]
        try:
            while path:
                try:
                    self._visit(path[-1])
                except _TooDeepError as deep:
                    assert deep.unwound[-1] is path[-1]
                    path += reversed(deep.unwound[:-1])
                else:
                    path.pop()
        except BaseException:
            self._forget(0)
            raise

    def _visit(self, node: _Node) -> None:
        """Compute a key, and close its component where it is the first of it."""
        try:
            node.value = node.summaries.join(node.value, self._compute(node))
            if node.low == node.place:
                self._close(node)
        except _TooDeepError as deep:
            deep.unwound.append(node)
            raise
        except BaseException:
            self._forget(node.place)
            raise

    def _compute(self, node: _Node) -> Any:
        self.asking.append(node)
        try:
            return node.summaries.compute(node.key)
        finally:
            self.asking.pop()

    def _close(self, first: _Node) -> None:
        """Solve the component of which ``first`` is the first key, unless it turns out to be part of a larger one."""
        if self._stack[-1] is first and first not in first.asks:
            first.summaries.finished[first.key] = first.value  # most depend on none that depends on them
            self._forget(first.place)
            return
        while True:
            members = self._stack[first.place :]
            # Not all of them need be asked any more by the keys that met them, and have passed their low on to those.
            first.low = min(node.low for node in members)
            if first.low == first.place and (len(members) > 1 or first in first.asks):
                self._solve(first, members)
            if first.low < first.place:
                return
            if len(self._stack) - first.place == len(members):
                break
        for node in members:
            node.summaries.finished[node.key] = node.value
        self._forget(first.place)

    def _solve(self, first: _Node, members: list[_Node]) -> None:
        """Find the least fixpoint of a component; broken off when more is met that belongs to it."""
        size = len(self._stack)
        for node in members:
            node.value = node.summaries.bottom
        order = _order(members)
        stale = set(order)
        rises = dict.fromkeys(members, 0)
        # To and fro: what one way goes against the order, a single pass of the other one follows to its end.
        while stale:
            for node in order:
                if node not in stale:
                    continue
                stale.discard(node)
                join = node.summaries.join if rises[node] < WIDENED_AFTER else node.summaries.widen
                value = join(node.value, self._compute(node))
                first.low = min(first.low, node.low)
                if first.low < first.place or len(self._stack) > size:
                    return
                if value != node.value:
                    node.value = value
                    rises[node] += 1
                    stale |= rises.keys() & node.asked_by.keys()
            order.reverse()
            if stale and max(rises.values()) > MAX_RISES:
                for node in members:
                    node.summaries.unsolved.add(node.key)
                raise UnsolvedError(f"{first.summaries.name} {first.summaries.rank(first.key)}")

    def _forget(self, place: int) -> None:
        """Let go of the open keys from a place of the stack on."""
        for node in self._stack[place:]:
            del node.summaries.open[node.key]
            for other in node.asks:
                other.asked_by.pop(node, None)
            for other in node.asked_by:
                other.asks.pop(node, None)
        del self._stack[place:]


def _order(members: list[_Node]) -> list[_Node]:
    """The keys of a component, as far as that can be after those that they depend on.

    It begins with the smallest, and follows from the component alone.
    """
    rank = {node: (node.summaries.name, node.summaries.rank(node.key)) for node in members}
    following = {node: sorted((one for one in node.asks if one in rank), key=rank.__getitem__) for node in members}
    order: list[_Node] = []
    met: set[_Node] = set()
    for start in sorted(members, key=rank.__getitem__):
        if start in met:
            continue
        met.add(start)
        path = [(start, iter(following[start]))]
        while path:
            node, rest = path[-1]
            step = next((one for one in rest if one not in met), None)
            if step is None:
                order.append(node)
                path.pop()
            else:
                met.add(step)
                path.append((step, iter(following[step])))
    return order
