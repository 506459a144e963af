"""How the time of a pattern grows with its text, read off the pattern: in proportion, or faster.

A backtracking matcher follows the paths of an automaton. Those of a text are as many as a fixed multiple of its length
unless two loops of the automaton can read the same text, one after the other or one inside the other (Weber and Seidl,
"On the degree of ambiguity of finite automata", 1991). The search for a match is a loop, too: it begins at each place.
What stands behind a loop only matters where it can fail, since the search is over with the first match.

Told is too much rather than too little: a lookahead of several characters is only taken for its first one.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

try:
    import re._constants as ops  # type: ignore[import-not-found,unused-ignore]
    import re._parser as parser  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # Python 3.10
    import sre_constants as ops  # type: ignore[no-redef,unused-ignore]
    import sre_parse as parser  # type: ignore[no-redef,unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Class = frozenset[int]
    Guard = Callable[[int | None, int | None], bool]

COPIES = 3
"""A repeat with a bound stands for so many copies of what it repeats, at most: none of them is a loop."""

SAMPLES = [*range(128), 0xE9, 0x2028]
WORD = frozenset(code for code in SAMPLES if re.match(r"\w", chr(code)))
_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


@dataclass
class Automaton:
    """States are numbers; ``empty`` edges may be guarded by what stands before and behind."""

    flags: int
    count: int = 0
    empty: dict[int, list[tuple[int, Guard | None]]] = field(default_factory=dict)
    reads: dict[int, list[tuple[Class, int]]] = field(default_factory=dict)
    is_hollow: bool = False
    """Whether something is repeated without end that may be empty."""

    def new(self) -> int:
        self.count += 1
        return self.count

    def link(self, start: int, end: int, guard: Guard | None = None) -> None:
        self.empty.setdefault(start, []).append((end, guard))

    def build(self, items: Any, start: int) -> int:
        """Add a parsed sequence behind ``start``; gives its last state."""
        for op, value in items:
            start = self.item(op, value, start)
        return start

    def item(self, op: Any, value: Any, start: int) -> int:
        if op in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
            end = self.new()
            self.reads.setdefault(start, []).append((self.chars(op, value), end))
            return end
        if op is ops.BRANCH:
            end = self.new()
            for branch in value[1]:
                first = self.new()
                self.link(start, first)
                self.link(self.build(branch, first), end)
            return end
        if op is ops.SUBPATTERN:
            return self.build(value[3], start)
        if op is getattr(ops, "ATOMIC_GROUP", None):
            return self.build(value, start)
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, getattr(ops, "POSSESSIVE_REPEAT", None)):
            return self.repeat(*value, start)
        if op is ops.AT:
            end = self.new()
            self.link(start, end, self.place(value))
            return end
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            return self.around(op, *value, start)
        raise AssertionError(f"nothing is known of {op}")

    def repeat(self, least: int, most: int, inner: Any, start: int) -> int:
        for _ in range(min(least, COPIES)):
            start = self.build(inner, start)
        end = self.new()
        if most == ops.MAXREPEAT:
            loop = self.new()
            self.link(start, loop)
            last = self.build(inner, loop)
            self.is_hollow = self.is_hollow or last in self.without_reading(loop)
            self.link(last, loop)
            self.link(loop, end)
            return end
        self.link(start, end)
        for _ in range(min(most - least, COPIES)):
            start = self.build(inner, start)
            self.link(start, end)
        return end

    def without_reading(self, start: int) -> set[int]:
        """The states that may be reached without reading, whatever stands around."""
        found, stack = {start}, [start]
        while stack:
            fresh = {end for end, _ in self.empty.get(stack.pop(), ())} - found
            found |= fresh
            stack += fresh
        return found

    def around(self, op: Any, direction: int, inner: Any, start: int) -> int:
        end = self.new()
        single = self.single(inner)
        if direction < 0:
            last = self.single(inner[-1:]) if op is ops.ASSERT and len(inner) else single
            self.link(start, end, _before(last, op is ops.ASSERT) if last is not None else None)
        elif single is not None:
            self.link(start, end, _behind(single, op is ops.ASSERT))
        else:
            self.link(start, end)
            first = self.new()
            self.link(start, first)
            self.build(inner, first)
        return end

    def single(self, items: Any) -> Class | None:
        """The characters that a sequence of one item reads, or a branch of such."""
        if len(items) != 1:
            return None
        op, value = items[0]
        if op in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
            return self.chars(op, value)
        if op is ops.SUBPATTERN:
            return self.single(value[3])
        if op is ops.BRANCH:
            parts = [self.single(one) for one in value[1]]
            return frozenset().union(*(one for one in parts if one)) if all(parts) else None
        return None

    def chars(self, op: Any, value: Any) -> Class:
        if op is ops.ANY:
            return frozenset(code for code in SAMPLES if self.flags & re.DOTALL or code != 10)
        if op is ops.IN:
            negated = value[0][0] is ops.NEGATE
            found = frozenset[int]().union(*(self._chars(*one) for one in value if one[0] is not ops.NEGATE))
            return frozenset(SAMPLES) - found if negated else found
        found = self._chars(ops.LITERAL, value)
        return frozenset(SAMPLES) - found if op is ops.NOT_LITERAL else found

    def _chars(self, op: Any, value: Any) -> Class:
        if op is ops.CATEGORY:
            return frozenset(code for code in SAMPLES if re.match(_CATEGORIES[value], chr(code)))
        low, high = value if op is ops.RANGE else (value, value)
        found = {code for code in SAMPLES if low <= code <= high}
        if self.flags & re.IGNORECASE:
            found |= {ord(change(chr(code))) for code in found if code < 128 for change in (str.lower, str.upper)}
        return frozenset(found)

    def place(self, where: Any) -> Guard:
        if where is ops.AT_BEGINNING and self.flags & re.MULTILINE:
            return lambda before, _: before is None or before == 10
        if where in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
            return lambda before, _: before is None
        if where is ops.AT_END and self.flags & re.MULTILINE:
            return lambda _, behind: behind is None or behind == 10
        if where is ops.AT_END:
            return lambda _, behind: behind is None or behind == 10
        if where is ops.AT_END_STRING:
            return lambda _, behind: behind is None
        wanted = where is ops.AT_BOUNDARY
        return lambda before, behind: ((before in WORD) != (behind in WORD)) == wanted


def _before(chars: Class, wanted: bool) -> Guard:
    return lambda before, _: (before in chars) == wanted


def _behind(chars: Class, wanted: bool) -> Guard:
    return lambda _, behind: (behind in chars) == wanted


Config = tuple[int, "int | None"]


class Paths:
    """The paths of a pattern: configurations are a state and the character before it."""

    def __init__(self, pattern: re.Pattern[Any], *, searches: bool, whole: bool) -> None:
        text = pattern.pattern
        self.automaton = made = Automaton(pattern.flags)
        self.start = made.new()
        self.end = made.build(
            parser.parse(text if isinstance(text, str) else text.decode("latin-1"), _flags(pattern)), made.new()
        )
        made.link(self.start, self.start + 1)
        if searches:
            made.reads.setdefault(self.start, []).append((frozenset(SAMPLES), self.start))
        self.whole = whole
        self.alike: dict[int, int] = {}
        """For each letter the one that stands for it where it has been read: guards take them for the same."""
        self.letters = self._letters()
        self._next: dict[tuple[Config, int], frozenset[Config]] = {}
        self.configs = self._reached({(self.start, None)})
        self.before = self._before()

    def _before(self) -> dict[Config, set[Config]]:
        """For each configuration all from which it can be reached."""
        back: dict[Config, set[Config]] = {one: set() for one in self.configs}
        for one in self.configs:
            for letter in self.letters:
                for other in self.next(one, letter):
                    back[other].add(one)
        found = {}
        for one in self.configs:
            seen, stack = {one}, [one]
            while stack:
                fresh = back[stack.pop()] - seen
                seen |= fresh
                stack += fresh
            found[one] = seen
        return found

    def _letters(self) -> list[int]:
        """One character for each set of those that no part of the pattern tells apart."""
        kinds: dict[tuple[bool, ...], int] = {}
        sets = [chars for edges in self.automaton.reads.values() for chars, _ in edges]
        guards = [guard for edges in self.automaton.empty.values() for _, guard in edges if guard is not None]
        for code in SAMPLES:
            key = (
                *(code in one for one in sets),
                *(guard(code, other) for guard in guards for other in (None, 10, 32, 97)),
                *(guard(other, code) for guard in guards for other in (None, 10, 32, 97)),
            )
            kinds.setdefault(key, code)
        seen: dict[tuple[bool, ...], int] = {}
        for code in kinds.values():
            told = tuple(guard(code, other) for guard in guards for other in (None, *kinds.values()))
            self.alike[code] = seen.setdefault(told, code)
        return list(kinds.values())

    def closure(self, config: Config, behind: int | None) -> set[int]:
        """The states that are reached without reading, where this character comes."""
        state, before = config
        found, stack = {state}, [state]
        while stack:
            for other, guard in self.automaton.empty.get(stack.pop(), ()):
                if other not in found and (guard is None or guard(before, behind)):
                    found.add(other)
                    stack.append(other)
        return found

    def next(self, config: Config, letter: int) -> frozenset[Config]:
        key = (config, letter)
        if key not in self._next:
            self._next[key] = frozenset(
                (end, self.alike[letter])
                for state in self.closure(config, letter)
                for chars, end in self.automaton.reads.get(state, ())
                if letter in chars
            )
        return self._next[key]

    def _sure(self) -> set[Config]:
        """The configurations from which a match is certain, whatever comes."""
        if self.whole:
            return set()
        ends = {
            one: {letter for letter in (None, *self.letters) if self.end in self.closure(one, letter)}
            for one in self.configs
        }
        sure = {one for one in self.configs if None in ends[one]}
        while True:
            kept = {
                one
                for one in sure
                if all(letter in ends[one] or self.next(one, letter) & sure for letter in self.letters)
            }
            if kept == sure:
                return sure
            sure = kept

    def _reached(self, start: set[Config]) -> set[Config]:
        found, queue = set(start), deque(start)
        while queue:
            one = queue.popleft()
            for letter in self.letters:
                for other in self.next(one, letter) - found:
                    found.add(other)
                    queue.append(other)
        return found

    def loops(self, among: set[Config]) -> list[set[Config]]:
        """Of these configurations those that can come back to themselves, by loop."""
        after = {one: {end for letter in self.letters for end in self.next(one, letter)} & among for one in among}
        return [part for part in _components(after) if len(part) > 1 or next(iter(part)) in after[next(iter(part))]]

    def growing(self) -> str:
        """A text that can be read in ever more ways when it is repeated; empty where there is none."""
        if self.automaton.is_hollow:
            return "exponentially: something is repeated that may be empty"
        loops = self.loops(self.configs)
        for loop in loops:
            word = self._within(loop)
            if word:
                return f"exponentially: {word!r}"
        unsure = self.loops(self.configs - self._sure())
        for first in loops:
            for second in unsure:
                if not second & first:
                    for q in first:
                        word = self._between(first, second, q)
                        if word:
                            return f"with the square: {word!r}"
        return ""

    def _within(self, loop: set[Config]) -> str:
        q = next(iter(loop))
        for q in loop:
            found = {(q, q, False): ""}
            queue = deque(found)
            while queue:
                a, b, differed = key = queue.popleft()
                for letter in self.letters:
                    for x in self.next(a, letter) & loop:
                        for y in self.next(b, letter) & loop:
                            other = (x, y, differed or x != y)
                            if other == (q, q, True):
                                return found[key] + chr(letter)
                            if other not in found:
                                found[other] = found[key] + chr(letter)
                                queue.append(other)
        return ""

    def _between(self, first: set[Config], second: set[Config], q: Config) -> str:
        """A text that leads from ``q`` back to it, from there into another loop, and around in that one."""
        found = {(q, q, p, p): "" for p in second}
        queue = deque(found)
        while queue:
            a, b, c, p = key = queue.popleft()
            for letter in self.letters:
                steps = self.next(c, letter) & second
                back = self.next(a, letter) & first if steps else frozenset[Config]()
                for x in back:
                    for y in self.next(b, letter):
                        if y not in self.before[p]:
                            continue
                        for z in steps:
                            other = (x, y, z, p)
                            if other == (q, p, p, p):
                                return found[key] + chr(letter)
                            if other not in found:
                                found[other] = found[key] + chr(letter)
                                queue.append(other)
        return ""


def _flags(pattern: re.Pattern[Any]) -> int:
    return int(pattern.flags) & ~int(re.UNICODE) & ~int(re.DEBUG)


def _components(after: dict[Config, set[Config]]) -> Iterator[set[Config]]:
    """Strongly connected components (Tarjan, without recursion)."""
    index: dict[Config, int] = {}
    low: dict[Config, int] = {}
    stack: list[Config] = []
    on: set[Config] = set()
    for root in after:
        if root in index:
            continue
        work = [(root, iter(after[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(after[other])))
                    break
                if other in on:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = set()
                    while True:
                        one = stack.pop()
                        on.discard(one)
                        part.add(one)
                        if one == node:
                            break
                    yield part


def growth(pattern: re.Pattern[Any], *, searches: bool = True, whole: bool = False) -> str:
    """How the time of a pattern grows faster than its text, with a text that shows it; empty where it does not.

    ``searches``: a match may begin anywhere. ``whole``: it has to go to the end (``fullmatch``).
    """
    return Paths(pattern, searches=searches, whole=whole).growing()
