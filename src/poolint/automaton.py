"""Patterns matched without going back: a text takes steps in proportion to its length, whatever the pattern is like.

Python's own expressions try one way after the other, so that ``*a*a*a*a*a*b`` takes the fifth power of the length of a
name. Here all ways are followed at once, one character after the other.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Chars = Callable[[str], bool]
    """Whether a character is one of those that are meant."""

    State = frozenset[int]

_MAX_STATES = 1_000
"""How many sets of nodes are kept that were once reached: the same beginnings are met again and again in a walk."""


def anything(char: str) -> bool:
    """Any character."""
    del char
    return True


def inside_a_name(char: str) -> bool:
    """Any character but the one that parts directories."""
    return char != "/"


def nothing(char: str) -> bool:
    """No character."""
    del char
    return False


def _one_of(inside: str, negated: bool) -> Chars:
    """The characters that stand in brackets (``a-z_``), or all others. Raises ``ValueError`` for ``z-a``."""
    ranges: list[tuple[str, str]] = []
    position = 0
    while position < len(inside):
        first = last = inside[position]
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            last = inside[position + 2]
            position += 2
        if first > last:
            raise ValueError(f"`{first}-{last}` in brackets has its end before its beginning")
        ranges.append((first, last))
        position += 1
    return lambda char: any(first <= char <= last for first, last in ranges) != negated


def bracketed(pattern: str, position: int) -> tuple[Chars, int]:
    """What ``[a-z_]`` or ``[!a-z_]`` means whose inside begins at ``position``, and where the pattern goes on.

    Raises ``ValueError`` if it does not end, or has a range whose end lies before its beginning.
    """
    negated = pattern[position : position + 1] in ("!", "^")
    position += negated
    end = pattern.find("]", position + 1)
    if end < 0:
        raise ValueError("a `[` is not closed; `[[]` stands for the character")
    return _one_of(pattern[position:end], negated), end + 1


class Automaton:
    """A pattern that is put together piece by piece, from its beginning, and then run.

    Nodes are numbers, 0 is the first. ``_edges`` lead from a node to another by one character, ``_free`` ones by none.
    """

    def __init__(self) -> None:
        self._edges: list[list[tuple[Chars, int]]] = [[]]
        self._free: list[list[int]] = [[]]
        self._here = 0
        self._groups: list[tuple[int, list[int]]] = []
        self._states: list[State] = []
        """The sets of nodes that were reached, by number: 0 is the one that is reached before any character."""
        self._numbers: dict[State, int] = {}
        self._steps: list[dict[str, int]] = []

    def one(self, chars: Chars) -> None:
        """A character of these follows."""
        after = self._node()
        self._edges[self._here].append((chars, after))
        self._here = after

    def literal(self, char: str) -> None:
        """This very character follows."""
        self.one(char.__eq__)

    def several(self, chars: Chars) -> None:
        """Any number of characters of these follows, or none."""
        if (chars, self._here) not in self._edges[self._here]:
            self._edges[self._here].append((chars, self._here))

    def begin(self) -> None:
        """What follows up to :meth:`end` is one of several, which :meth:`otherwise` parts."""
        self._groups.append((self._here, []))
        self._branch()

    def otherwise(self) -> None:
        """The next way of a group begins."""
        self._groups[-1][1].append(self._here)
        self._branch()

    def end(self) -> None:
        """All ways of a group come together."""
        _, ends = self._groups.pop()
        ends.append(self._here)
        self._here = self._node()
        for end in ends:
            self._free[end].append(self._here)

    def matches(self, text: str) -> bool:
        """Whether all of the text is meant."""
        state = self._start()
        steps = self._steps
        for char in text:
            after = steps[state].get(char)
            state = self._step(state, char) if after is None else after
            if state < 0:
                return False
        return self._here in self._states[state]

    def beginnings(self, text: str) -> Iterator[int]:
        """The lengths of all beginnings of the text that are meant."""
        state = self._start()
        for position, char in enumerate(text):
            if self._here in self._states[state]:
                yield position
            state = self._step(state, char)
            if state < 0:
                return
        if self._here in self._states[state]:
            yield len(text)

    def _start(self) -> int:
        if not self._states or len(self._states) > _MAX_STATES:
            self._states.clear()
            self._numbers.clear()
            self._steps.clear()
            return self._number(self._closed([0]))
        return 0

    def _step(self, state: int, char: str) -> int:
        """The number of the state after a character; -1 where nothing that follows can be meant."""
        after = self._steps[state].get(char)
        if after is None:
            edges = (edge for node in self._states[state] for edge in self._edges[node])
            reached = self._closed(target for chars, target in edges if chars(char))
            after = self._steps[state][char] = self._number(reached) if reached else -1
        return after

    def _number(self, state: State) -> int:
        if state not in self._numbers:
            self._numbers[state] = len(self._states)
            self._states.append(state)
            self._steps.append({})
        return self._numbers[state]

    def _closed(self, nodes: Iterable[int]) -> State:
        """The nodes with all that are reached from them without a character."""
        found = set(nodes)
        waiting = list(found)
        while waiting:
            for target in self._free[waiting.pop()]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)

    def _branch(self) -> None:
        start = self._groups[-1][0]
        self._here = self._node()
        self._free[start].append(self._here)

    def _node(self) -> int:
        self._edges.append([])
        self._free.append([])
        return len(self._edges) - 1
