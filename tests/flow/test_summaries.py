"""The engine of summaries: least fixpoints whatever is asked first, of graphs of any depth, with plain keys and values."""

from __future__ import annotations

import itertools
import random
import sys
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from poolint.flow.summaries import MAX_NESTED, MAX_RISES, WIDENED_AFTER, Components, Summaries, UnsolvedError

if TYPE_CHECKING:
    from collections.abc import Callable

Labels = frozenset[str]
NONE: Labels = frozenset()


class Function(NamedTuple):
    """A function of a made-up program: the labels that it has itself, keeps from all or from each of some, and a
    function that it asks only when another one has a label."""

    own: Labels = NONE
    any_of: tuple[int, ...] = ()
    all_of: tuple[int, ...] = ()
    masked: Labels = NONE
    condition: tuple[int, str, int] | None = None


class Program:
    """The labels that functions collect from each other: a problem whose dependencies depend on values."""

    def __init__(self, functions: list[Function]) -> None:
        self.functions = functions
        self.computed = 0

    def summaries(self, components: Components | None = None) -> Summaries[int, Labels]:
        """This program as a problem."""
        found: Summaries[int, Labels] = Summaries(
            "labels",
            lambda key: self.compute(key, found.of),
            bottom=NONE,
            join=frozenset.union,
            components=components,
        )
        return found

    def compute(self, key: int, ask: Callable[[int], Labels]) -> Labels:
        self.computed += 1
        function = self.functions[key]
        found = set(function.own)
        for one in function.any_of:
            found |= ask(one) - function.masked
        if function.all_of:
            found |= frozenset.intersection(*(ask(one) for one in function.all_of))
        if function.condition is not None:
            tested, label, then = function.condition
            if label in ask(tested):
                found |= ask(then)
        return frozenset(found)


def kleene(program: Program) -> list[Labels]:
    """The least fixpoint, found by computing every function again until none changes."""
    values = [NONE] * len(program.functions)
    while True:
        following = [program.compute(key, values.__getitem__) for key in range(len(values))]
        if following == values:
            return values
        values = following


def made_up(seed: int) -> Program:
    """A random program: sparse or dense, with or without cycles."""
    chance = random.Random(seed)
    size = chance.randint(1, 14)
    degree = chance.choice((1, 1, 2, 3))

    def some(most: int) -> tuple[int, ...]:
        return tuple(chance.randrange(size) for _ in range(chance.randint(0, most)))

    def labels(most: int) -> Labels:
        return frozenset(chance.choice("abcdef") for _ in range(chance.randint(0, most)))

    return Program(
        [
            Function(
                own=labels(2) if chance.random() < 0.4 else NONE,
                any_of=some(degree),
                all_of=some(2) if chance.random() < 0.3 else (),
                masked=labels(2) if chance.random() < 0.3 else NONE,
                condition=(chance.randrange(size), chance.choice("abc"), chance.randrange(size))
                if chance.random() < 0.4
                else None,
            )
            for _ in range(size)
        ]
    )


@pytest.mark.parametrize("nested", [1, 2, MAX_NESTED])
def test_values_are_the_least_fixpoint_whatever_is_asked_first(nested: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolint.flow.summaries.MAX_NESTED", nested)
    for seed in range(400):
        program = made_up(seed)
        expected = kleene(program)
        size = len(expected)
        for first in range(size):
            summaries = program.summaries()
            assert summaries.of(first) == expected[first], (seed, first)
            assert not summaries.open
            assert all(expected[key] == value for key, value in summaries.finished.items()), (seed, first)
            rest = list(range(size))
            random.Random(first).shuffle(rest)
            assert {key: summaries.of(key) for key in rest} == dict(enumerate(expected)), (seed, first)
    assert not summaries.unsolved


def test_nothing_is_computed_but_what_is_asked_for() -> None:
    program = Program([Function(any_of=(1,)), Function(own=frozenset("a")), Function(own=frozenset("b"))])
    summaries = program.summaries()
    assert summaries.of(0) == {"a"}
    assert summaries.finished == {0: {"a"}, 1: {"a"}}
    assert program.computed == 2
    summaries.of(0)
    assert program.computed == 2


LENGTH = 8_000


def chain(last: Function, *, is_double: bool = False) -> Program:
    """A chain of functions; where it is double, each calls the one before as well."""
    return Program(
        [*(Function(any_of=(i + 1, max(i - 1, 0)) if is_double else (i + 1,)) for i in range(LENGTH - 1)), last]
    )


@pytest.mark.parametrize(
    ("program", "most"),
    [
        (chain(Function(own=frozenset("a"))), 2),
        (chain(Function(own=frozenset("a"), any_of=(0,))), 5),
        (chain(Function(own=frozenset("a"), any_of=(LENGTH - 2,)), is_double=True), 9),
    ],
    ids=["straight", "closed", "double"],
)
@pytest.mark.parametrize("first", [0, LENGTH // 2])
def test_thousands_of_functions_need_no_deep_stack(program: Program, most: int, first: int) -> None:
    program.computed = 0
    summaries = program.summaries()
    deep = sys.getrecursionlimit()
    assert summaries.of(first) == {"a"}
    assert summaries.of(0) == {"a"}
    assert program.computed <= most * LENGTH
    assert sys.getrecursionlimit() == deep
    assert not summaries.unsolved


def test_a_label_at_the_near_end_of_a_double_chain_reaches_the_far_one() -> None:
    functions = chain(Function(any_of=(LENGTH - 2,)), is_double=True).functions
    program = Program([functions[0]._replace(own=frozenset("a")), *functions[1:]])
    assert program.summaries().of(LENGTH - 1) == {"a"}
    assert program.computed <= 9 * LENGTH


@pytest.mark.parametrize("seed", range(4))
def test_what_each_of_hundreds_has_reaches_all_that_call_each_other(seed: int) -> None:
    """A value of many parts rises in few steps, whichever way the calls go and whatever the functions are called."""
    names = list(range(400))
    random.Random(seed).shuffle(names)
    functions = [Function()] * len(names)
    for place, name in enumerate(names):
        called = (names[max(place - 1, 0)], names[min(place + 1, len(names) - 1)])
        functions[name] = Function(own=frozenset({str(name)}), any_of=called)
    program = Program(functions)
    summaries = program.summaries()
    assert summaries.of(names[seed * 99]) == set(map(str, names))
    assert not summaries.unsolved
    assert program.computed <= 9 * len(names)


ENDLESS = ("one", "two", "outside", "leaf")


@pytest.mark.parametrize("order", list(itertools.permutations(ENDLESS)))
def test_a_value_that_rises_for_ever_has_no_answer(order: tuple[str, ...]) -> None:
    """Two functions that count each other up, in a lattice that has no end: whoever depends on them is told so, whatever
    has been asked before and however often."""
    computed: list[str] = []

    def count(key: str) -> int:
        computed.append(key)
        if key == "outside":
            return summaries.of("one")
        return 7 if key == "leaf" else 1 + summaries.of({"one": "two", "two": "one"}[key]) + 0 * summaries.of("leaf")

    summaries: Summaries[str, int] = Summaries("counter", count, bottom=0, join=max)
    for key in (*order, *order):
        if key == "leaf":
            assert summaries.of(key) == 7
            continue
        with pytest.raises(UnsolvedError):
            summaries.of(key)
        assert not summaries.open
    assert summaries.unsolved == {"one", "two"}
    assert len(computed) <= 2 * MAX_RISES + 20


def test_a_value_that_goes_on_rising_is_widened() -> None:
    computed: list[str] = []

    def count(key: str) -> int:
        computed.append(key)
        return min(100, 1 + summaries.of({"one": "two", "two": "one"}[key]))

    for first in ("one", "two"):
        computed.clear()
        summaries: Summaries[str, int] = Summaries(
            "counter", count, bottom=0, join=max, widen=lambda old, new: old if new <= old else 100
        )
        assert summaries.of(first) == 100
        assert summaries.finished == {"one": 100, "two": 100}
        assert len(computed) <= 2 * WIDENED_AFTER + 12


@pytest.mark.parametrize("first", [("even", "a"), ("odd", "a"), ("even", "c"), ("odd", "d")])
def test_problems_that_ask_each_other_share_their_components(first: tuple[str, str]) -> None:
    """Whether a chain of calls ends after an even or an odd number of them: each of two problems asks the other."""
    edges = {"a": ("b",), "b": ("c", "end"), "c": ("a",), "d": ("d", "end"), "e": ("e",), "end": ()}
    components = Components()
    even: Summaries[str, bool] = Summaries(
        "even",
        lambda key: any(map(odd.of, edges[key])) if edges[key] else True,
        bottom=False,
        join=or_,
        components=components,
    )
    odd: Summaries[str, bool] = Summaries(
        "odd",
        lambda key: any(map(even.of, edges[key])),
        bottom=False,
        join=or_,
        components=components,
    )
    name, key = first
    {"even": even, "odd": odd}[name].of(key)
    found = {key: (even.of(key), odd.of(key)) for key in edges}
    both = (True, True)
    assert found == {"a": both, "b": both, "c": both, "d": both, "e": (False, False), "end": (True, False)}


def test_a_function_that_is_not_monotone_has_one_answer_all_the_same() -> None:
    """A mistake in a problem must not make findings depend on the order in which files are looked at."""
    edges = {"a": ("b", "c"), "b": ("c", "a"), "c": ("a", "b"), "d": ("c",)}

    def compute(key: str) -> int:
        asked = [summaries.of(one) for one in edges[key]]
        return len(key) + (3 if 0 in asked else min(asked) % 3)

    answers = set()
    for order in itertools.permutations(edges):
        summaries: Summaries[str, int] = Summaries("odd", compute, bottom=0, join=max)
        found = {key: summaries.of(key) for key in order}
        answers.add(tuple(sorted(found.items())))
    assert len(answers) == 1


class Failing(Program):
    """A program one of whose functions cannot be computed."""

    def compute(self, key: int, ask: Callable[[int], Labels]) -> Labels:
        if key == 3:
            raise ValueError("unreadable")
        if key == 1:
            try:
                return ask(2) | {"b"}
            except ValueError:
                return ask(0) | {"c"}
        return super().compute(key, ask)


def test_an_error_leaves_nothing_open() -> None:
    functions = [Function(own=frozenset("a"), any_of=(1,)), Function(), Function(any_of=(3, 0)), Function()]
    summaries = Failing(functions).summaries()
    with pytest.raises(ValueError, match="unreadable"):
        summaries.of(2)
    assert not summaries.open
    assert summaries.of(0) == {"a", "c"}
    assert summaries.of(1) == {"a", "c"}
    assert not summaries.open
    assert set(summaries.finished) == {0, 1}


def test_what_is_not_final_is_counted_and_not_remembered() -> None:
    seen: list[tuple[int, int]] = []

    class Watched(Program):
        def compute(self, key: int, ask: Callable[[int], Labels]) -> Labels:
            before = components.provisional
            found = super().compute(key, ask)
            seen.append((key, components.provisional - before))
            assert key not in summaries.finished
            return found

    components = Components()
    watched = Watched([Function(any_of=(1, 2)), Function(any_of=(0,)), Function(own=frozenset("a"))])
    summaries = watched.summaries(components)
    assert summaries.of(0) == {"a"}
    assert (2, 0) in seen
    assert all(count == 0 for key, count in seen if key == 2)
    assert all(count > 0 for key, count in seen if key == 1)
    assert components.provisional == 0
    assert components.is_idle


class Name(NamedTuple):
    """A key as clients have them: a function by its names, and a parameter."""

    module: str
    function: str
    parameter: str


def test_keys_and_values_are_plain() -> None:
    functions = made_up(7)

    def compute(key: Name) -> Labels:
        index = int(key.function[1:])
        return functions.compute(index, lambda one: summaries.of(key._replace(function=f"f{one}")))

    summaries: Summaries[Name, Labels] = Summaries("labels", compute, bottom=NONE, join=frozenset.union)
    summaries.of(Name("app.db", "f0", "session"))
    sent = msgspec.msgpack.encode(list(summaries.finished.items()))
    received = dict(msgspec.msgpack.decode(sent, type=list[tuple[Name, Labels]]))
    assert received == summaries.finished
    assert received
