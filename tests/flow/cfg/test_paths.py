"""What random programs really do is a path of their graph, and every edge of the graph is really taken.

Programs run under ``sys.settrace``, with exceptions, cancellations and closed generators thrown in at random. To be
sure that this could fail, edges are then taken away and the builder is broken: each time some run must be without a
path. The other direction keeps the graph from saying too much: a run is planned over each edge that none has taken.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from generating import FLAVOURS, program
from running import run
from scheduling import Event, Schedule
from walking import Walker

from poolint.flow.cfg import Edge, Graph, build, catching, expressions, tries
from poolint.flow.cfg.catching import Catches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType

    from walking import Label

PROGRAMS = 560
REBUILT = 280
RUNS = 12
PLANNED_PROGRAMS = 100
TRIES = 60


class Done(NamedTuple):
    """A run: what happened, how it ended, and the edges of all paths on which that may happen."""

    events: list[Event]
    end: str
    edges: set[Edge]


def called(expression: ast.expr) -> str:
    """The name of the function that is called, if one is."""
    return expression.func.id if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) else ""


class Subject:
    """A program with its graph."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.flavour = FLAVOURS[seed % len(FLAVOURS)]
        self.source = program(Random(seed), self.flavour)
        self.function = ast.parse(self.source).body[0]
        self.code: CodeType = compile(self.source, "random_program", "exec")
        self.walker = Walker(self.graph())

    def graph(self, *, suppresses: bool = True) -> Graph:
        return build(
            self.function,
            # Only makes an exception, and is not seen.
            raises=lambda expression: called(expression) != "Other",
            suppresses=lambda item, _: suppresses and called(item.context_expr) in ("quiet", "aquiet"),
        )

    @property
    def edges(self) -> list[Edge]:
        return [edge for node in self.walker.graph.nodes for edge in node.successors]

    def run(self, number: int, plan: Sequence[tuple[Label, str]] = ()) -> Done:
        schedule = Schedule(Random(self.seed * 100_000 + number), plan)
        end = run(schedule, self.code, self.flavour, self.walker.quiet_lines)
        events = self.walker.seen(schedule.events)
        edges = self.walker.follow(events, end)
        if isinstance(edges, int):
            text = f"seed {self.seed}, run {number}: no path from\n{events[:edges]}\nto\n{[*events[edges:], end][:1]}"
            pytest.fail(f"{text} in\n{self.source}\n{self.walker.graph.dump()}", pytrace=False)
        return Done(events, end, edges)


@cache
def subjects() -> list[tuple[Subject, list[Done]]]:
    found = [Subject(seed) for seed in range(PROGRAMS)]
    return [(subject, [subject.run(number) for number in range(RUNS)]) for subject in found]


def test_what_happens_is_a_path() -> None:
    runs = [done for _, every in subjects() for done in every]
    assert len(runs) == PROGRAMS * RUNS
    ends = Counter(done.end for done in runs)
    assert not [end for end in ("normal", "exception", "cancel", "generator-exit", "interrupt") if ends[end] < 30]
    outcomes = Counter((event.label[0], event.outcome) for done in runs for event in done.events)
    raising = {(kind, "exception") for kind in ("call", "await", "yield", "enter", "exit", "iterate", "import")}
    cancelled = {(kind, "cancel") for kind in ("await", "enter", "exit", "iterate")}
    others = {("yield", "generator-exit"), ("iterate", "item"), ("iterate", "exhausted"), ("test", "true")}
    others |= {("test", "false"), ("decorate", "exception"), ("store", "normal"), ("line", "normal")}
    assert not [one for one in raising | cancelled | others if outcomes[one] < 20], outcomes
    assert sum(outcomes.values()) > 40_000


def test_every_edge_is_taken() -> None:
    total = 0
    left: list[Edge] = []
    for subject in (Subject(seed) for seed in range(PLANNED_PROGRAMS)):
        missing = dict.fromkeys(subject.edges, TRIES)
        total += len(missing)
        number = 0
        while missing:
            goal = next(iter(missing))
            missing[goal] -= 1
            if not missing[goal]:
                left.append(goal)
                del missing[goal]
            for edge in subject.run(number, subject.walker.plan(goal)).edges:
                missing.pop(edge, None)
            number += 1
    # The few are taken only if several tests that no plan can see come out right.
    assert len(left) / total < 0.003, left


def losses(drop: Callable[[Edge], bool]) -> tuple[int, int]:
    """Of the runs that took an edge to be dropped, how many there are and how many have no path without it."""
    touched = lost = 0
    for subject, every in subjects():
        dropped = frozenset(filter(drop, subject.edges))
        for done in every:
            if not dropped.isdisjoint(done.edges):
                touched += 1
                lost += isinstance(subject.walker.follow(done.events, done.end, dropped), int)
    return touched, lost


KINDS = ("normal", "true", "false", "item", "exhausted", "loop-back")
UNWINDING = {
    "exception": ("call", "decorate", "await", "yield", "enter", "exit", "iterate", "import", "raise", "except"),
    "cancel": ("await", "enter", "exit", "iterate", "raise"),
    "generator-exit": ("yield", "exit"),
    "interrupt": ("raise", "reraise"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_kind_of_edge_is_noticed(kind: str) -> None:
    touched, lost = losses(lambda edge: edge.kind == kind)
    assert lost > 100
    assert lost / touched > 0.9


@pytest.mark.parametrize(
    ("kind", "source"), [(kind, source) for kind, sources in UNWINDING.items() for source in sources]
)
def test_a_missing_way_out_is_noticed(kind: str, source: str) -> None:
    touched, lost = losses(lambda edge: edge.kind == kind and edge.source.kind == source)
    assert lost > 3
    assert lost / touched > 0.9


def test_missing_copies_are_noticed() -> None:
    for way in ("exception", "cancel", "generator-exit", "return", "break", "continue"):
        touched, lost = losses(lambda edge, way=way: edge.target.way == way)
        assert lost > 3, way
        assert lost / touched > 0.95, way


def test_a_single_missing_edge_is_noticed() -> None:
    random = Random(7)
    lost = 0
    sample = 1_000
    for _ in range(sample):
        subject, every = random.choice(subjects())
        used = sorted(set().union(*(done.edges for done in every)), key=lambda edge: (edge.source.index, edge.kind))
        edge = random.choice(used)
        lost += any(
            isinstance(subject.walker.follow(done.events, done.end, frozenset((edge,))), int)
            for done in every
            if edge in done.edges
        )
    assert lost / sample > 0.98


def rejected() -> int:
    """How many runs have no path in graphs that are built anew."""
    count = 0
    for subject, every in subjects()[:REBUILT]:
        walker = Walker(subject.graph())
        count += sum(isinstance(walker.follow(done.events, done.end), int) for done in every)
    return count


def test_a_sound_builder_rejects_none() -> None:
    assert rejected() == 0


def test_a_handler_that_catches_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = catching.catches

    def wrong(handler: ast.ExceptHandler, way: str) -> Catches:
        is_exception = isinstance(handler.type, ast.Name) and handler.type.id == "Exception"
        return Catches.ALWAYS if is_exception else right(handler, way)

    monkeypatch.setattr(tries, "catches", wrong)
    assert rejected() > 5


def test_a_handler_that_always_catches_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = catching.catches
    monkeypatch.setattr(tries, "catches", lambda handler, way: Catches(right(handler, way).value and 2))
    assert rejected() > 20


def test_a_wrong_order_of_evaluation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(b: object, call: ast.Call) -> object:
        for part in (*(keyword.value for keyword in call.keywords), *call.args, call.func):
            yield b.evaluate(part)

    monkeypatch.setattr(expressions, "_operands", wrong)
    assert rejected() > 50


def test_a_with_that_never_suppresses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Subject, "graph", lambda self, right=Subject.graph: right(self, suppresses=False))
    assert rejected() > 50


def test_a_finally_that_is_no_way_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for way in tries.WAYS_OUT:
        monkeypatch.setattr(tries, "WAYS_OUT", tuple(one for one in tries.WAYS_OUT if one != way))
        assert rejected() > 0, way
        monkeypatch.undo()
