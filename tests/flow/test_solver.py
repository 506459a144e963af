"""The solver: textbook problems on real functions, and every answer on small random graphs against all of their ways."""

from __future__ import annotations

import ast
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.flow.drawing import drawn, edges_of, ways

from poolint.flow.cfg import EXITS, Edge, Graph, Node, TooComplex, build
from poolint.flow.solver import Problem, explore, reach, solve

if TYPE_CHECKING:
    from collections.abc import Callable

Names = frozenset[str]
Bits = frozenset[int]


# Textbook problems. An event is named by what it calls: `use(1)` is 1; a store by its row.


def names_stored(node: Node) -> Names:
    return frozenset({node.node.id}) if node.kind == "store" and isinstance(node.node, ast.Name) else frozenset()


def live(graph: Graph) -> dict[Node, Names]:
    """The names whose value may still be read."""

    def transfer(edge: Edge, after: Names) -> Names:
        read = frozenset[str]()
        if edge.source.kind == "call" and isinstance(edge.source.node, ast.Call):
            read = frozenset(one.id for one in edge.source.node.args if isinstance(one, ast.Name))
        bound = frozenset[str]() if edge.is_unwinding else names_stored(edge.source)
        return read | after - bound

    # Also of what no exit follows something is asked.
    return solve(graph, Problem(dict.fromkeys(graph.nodes, frozenset()), frozenset.union, transfer, backward=True))


def reaching(graph: Graph) -> dict[Node, frozenset[tuple[str, int]]]:
    """The stores, by name and row, whose value may be there."""

    def transfer(edge: Edge, before: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        bound = frozenset[str]() if edge.is_unwinding else names_stored(edge.source)
        kept = frozenset(one for one in before if one[0] not in bound)
        return kept | {(name, edge.source.row) for name in bound}

    return solve(graph, Problem({graph.entry: frozenset()}, frozenset.union, transfer))


def assigned(graph: Graph) -> dict[Node, Names]:
    """The names that have a value on each way."""

    def transfer(edge: Edge, before: Names) -> Names:
        return before if edge.is_unwinding else before | names_stored(edge.source)

    return solve(graph, Problem({graph.entry: frozenset()}, frozenset.intersection, transfer))


def unwound(graph: Graph) -> dict[Node, Names]:
    """The kinds of edges that something raised may have come by: facts that edges alone contribute."""
    return solve(
        graph,
        Problem(
            {graph.entry: frozenset()},
            frozenset.union,
            lambda edge, before: before | {edge.kind} if edge.is_unwinding else before,
        ),
    )


class Case(NamedTuple):
    name: str
    question: Callable[[Graph], dict[Node, frozenset[object]]]
    source: str
    expected: dict[int | str, str]
    """The fact before `use(1)` as 1, at an exit by its kind; sorted and in words."""


CASES = [
    Case(
        "live over a branch",
        live,
        "def f(a, b):\n    use(1)\n    if a:\n        read(b)\n    b = 2\n    use(2)\n    read(b)\n    use(3)",
        {1: "b", 2: "b", 3: ""},
    ),
    Case(
        "live round a loop",
        live,
        "def f(a):\n    while True:\n        use(1)\n        a = 1\n        use(2)\n        read(a)",
        {1: "", 2: "a"},
    ),
    Case(
        "live where the store may not happen",
        live,
        "def f(a):\n    try:\n        use(1)\n        a = 1\n        read(a)\n    except E:\n        use(2)\n        read(a)",
        {1: "a", 2: "a"},
    ),
    Case(
        "reaching over a branch",
        reaching,
        "def f(c):\n    a = 1\n    if c:\n        a = 2\n        use(1)\n    use(2)\n    a = 3\n    use(3)",
        {1: "a4", 2: "a2 a4", 3: "a7"},
    ),
    Case(
        "reaching round a loop",
        reaching,
        "def f(c):\n    a = 1\n    for _ in c:\n        use(1)\n        a = 2\n        use(2)\n    use(3)",
        {1: "_3 a2 a5", 2: "_3 a5", 3: "_3 a2 a5"},
    ),
    Case(
        "a store whose value raises has bound nothing",
        reaching,
        "def f():\n    a = 1\n    try:\n        a = g()\n        use(1)\n    except E:\n        use(2)",
        {1: "a4", 2: "a2 a4"},  # `use(1)` may raise as well
    ),
    Case(
        "assigned on both branches",
        assigned,
        "def f(c):\n    if c:\n        a = 1\n        b = 1\n    else:\n        a = 2\n    use(1)",
        {1: "a"},
    ),
    Case(
        "assigned in a loop that may not run",
        assigned,
        "def f(c):\n    a = 1\n    while c():\n        b = 1\n        use(1)\n    use(2)",
        {1: "a b", 2: "a"},
    ),
    Case(
        "assigned in a finally",
        assigned,
        "def f():\n    try:\n        a = g()\n    finally:\n        b = 1\n    use(1)",
        {1: "a b", "exit-exception": "b"},
    ),
    Case(
        "ways out of an await",
        unwound,
        "async def f():\n    await g\n    use(1)",
        {1: "", "exit-exception": "exception", "exit-cancel": "cancel", "exit-normal": ""},
    ),
    Case(
        "ways out of a yield",
        unwound,
        "def f():\n    try:\n        yield\n    except GeneratorExit:\n        use(1)\n    except E:\n        use(2)",
        {1: "generator-exit", 2: "exception", "exit-generator": "-"},
    ),
    Case(
        "a generator that is closed at one of two yields",
        unwound,
        "def f():\n    yield\n    use(1)\n    yield",
        {1: "", "exit-normal": "", "exit-exception": "exception", "exit-generator": "generator-exit"},
    ),
    Case(
        "nothing is known of what no way leads to",
        assigned,
        "def f():\n    use(1)\n    raise E\n    use(2)",
        {1: "", "exit-normal": "-"},
    ),
]


def words(fact: frozenset[object] | None) -> str:
    if fact is None:
        return "-"
    return " ".join(sorted("".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in fact))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_textbook_problems(case: Case) -> None:
    graph = build(ast.parse(case.source).body[0])
    facts = case.question(graph)
    places: dict[int | str, Node] = {kind: node for kind, node in graph.exits.items() if kind in case.expected}
    for node in graph.nodes:
        if node.kind == "call" and isinstance(node.node, ast.Call) and ast.unparse(node.node.func) == "use":
            (number,) = node.node.args
            assert isinstance(number, ast.Constant)
            places[number.value] = node
    assert {place: words(facts.get(node)) for place, node in places.items()} == case.expected


# On small random graphs, against all of their ways. `seed` is all that they depend on.

SEEDS = range(40)


class Moves:
    """What each edge does to sets of two bits: it takes some out and puts some in, or ends the way."""

    def __init__(self, random: Random, graph: Graph) -> None:
        self.of = {
            edge: None if random.random() < 0.1 else (self._some(random), self._some(random))
            for edge in edges_of(graph)
        }
        self.asked = 0

    def _some(self, random: Random) -> Bits:
        return frozenset(bit for bit in (0, 1) if random.random() < 0.3)

    def __call__(self, edge: Edge, fact: Bits) -> Bits | None:
        self.asked += 1
        move = self.of[edge]
        return None if move is None else fact - move[0] | move[1]

    def along(self, way: list[Edge], fact: Bits) -> Bits | None:
        for edge in way:
            after = self(edge, fact)
            if after is None:
                return None
            fact = after
        return fact


def met(found: dict[Node, Bits], node: Node, fact: Bits | None, join: Callable[[Bits, Bits], Bits]) -> None:
    if fact is not None:
        found[node] = join(found[node], fact) if node in found else fact


@pytest.mark.parametrize("join", [frozenset.union, frozenset.intersection], ids=["may", "must"])
@pytest.mark.parametrize("seed", SEEDS)
def test_solutions_are_those_over_all_ways(seed: int, join: Callable[[Bits, Bits], Bits]) -> None:
    """Each bit of each event is decided by a way of at most two edges an event."""
    random = Random(seed)
    graph = drawn(random)
    transfer = Moves(random, graph)
    initial = frozenset({random.randrange(2)})
    length = 2 * len(graph.nodes)
    forward: dict[Node, Bits] = {}
    for way in ways(graph.entry, length):
        met(forward, way[-1].target if way else graph.entry, transfer.along(way, initial), join)
    assert solve(graph, Problem({graph.entry: initial}, join, transfer)) == forward
    exit_ = graph.exits["exit-normal"]
    backward: dict[Node, Bits] = {}
    for node in graph.nodes:
        for way in ways(node, length):
            if (way[-1].target if way else node) is exit_:
                met(backward, node, transfer.along(way[::-1], initial), join)
    assert solve(graph, Problem({exit_: initial}, join, transfer, backward=True)) == backward


@pytest.mark.parametrize("seed", SEEDS)
def test_a_solution_takes_as_many_transfers_as_the_lattice_has_steps(seed: int) -> None:
    random = Random(seed)
    graph = drawn(random, 12)
    transfer = Moves(random, graph)
    solve(graph, Problem({graph.entry: frozenset[int]()}, frozenset.union, transfer))
    assert transfer.asked <= 3 * len(edges_of(graph))


@pytest.mark.parametrize("backward", [False, True])
def test_without_a_loop_each_edge_is_asked_once(backward: bool) -> None:
    body = "".join(f"    if a({row}):\n        b({row})\n" for row in range(200))
    graph = build(ast.parse(f"def f():\n{body}").body[0])
    asked: list[Edge] = []

    def transfer(edge: Edge, fact: Bits) -> Bits:
        asked.append(edge)
        return fact | {edge.source.row}

    begun = dict.fromkeys(graph.exits.values() if backward else [graph.entry], frozenset[int]())
    solve(graph, Problem(begun, frozenset.union, transfer, backward=backward))
    assert len(asked) == len(set(asked)) == len(edges_of(graph))


def test_a_transfer_that_is_not_monotone_still_ends() -> None:
    """Facts only rise, whatever an edge says."""
    graph = build(ast.parse("def f():\n    while a():\n        b()\n").body[0])
    facts = solve(graph, Problem({graph.entry: 0}, max, lambda _, fact: 1 - fact))
    assert set(facts.values()) <= {0, 1}
    assert set(facts) >= set(graph.reverse_postorder())


# Sets of states with witnesses.


class Automaton:
    """What each edge makes of three states; it may end a way in some of them."""

    def __init__(self, random: Random, graph: Graph) -> None:
        self.of = {
            (edge, state): random.choice((None, 0, 1, 2, state, state))
            for edge in edges_of(graph)
            for state in range(3)
        }

    def __call__(self, edge: Edge, state: int) -> int | None:
        return self.of[edge, state]

    def along(self, way: list[Edge], state: int | None) -> int | None:
        """The state after a way whose first edge is begun with in ``state``."""
        for edge in way[1:]:
            state = None if state is None else self(edge, state)
        return state


@pytest.mark.parametrize("seed", SEEDS)
def test_states_and_witnesses_are_those_of_the_shortest_ways(seed: int) -> None:
    random = Random(seed)
    graph = drawn(random, 4)
    transfer = Automaton(random, graph)
    found = explore(graph, [(edge, 0) for edge in graph.entry.successors], transfer)
    shortest: dict[tuple[Node, int], list[Edge]] = {}
    for way in ways(graph.entry, 3 * len(graph.nodes)):
        state = transfer.along(way, 0) if way else None
        if state is not None:
            known = shortest.get((way[-1].target, state))
            if known is None or len(way) < len(known):
                shortest[way[-1].target, state] = way
    points = list(found)
    assert len(points) == len(set(points)) == len(found)
    assert {point: found.witness(point) for point in points} == shortest
    assert [len(found.witness(point)) for point in points] == sorted(map(len, shortest.values()))
    for point in points:
        before = found.before(point)
        assert found.witness(point)[:-1] == ([] if before is None else found.witness(before))


@pytest.mark.parametrize("seed", SEEDS)
def test_states_are_the_solution_over_their_sets(seed: int) -> None:
    random = Random(seed)
    graph = drawn(random, 8)
    transfer = Automaton(random, graph)

    def of_each(edge: Edge, states: Bits) -> Bits | None:
        if edge.source is graph.entry:
            return frozenset({0})
        after = {transfer(edge, state) for state in states}
        return frozenset(one for one in after if one is not None) or None

    facts = solve(graph, Problem({graph.entry: frozenset({0})}, frozenset.union, of_each))
    states = explore(graph, [(edge, 0) for edge in graph.entry.successors], transfer).states()
    assert {node: frozenset(found) for node, found in states.items()} == {
        node: fact for node, fact in facts.items() if node is not graph.entry
    }


LOOP = "def f():\n    while a():\n        b()\n    c()\n"


def counting(_: Edge, state: int) -> int:
    return state + 1


def test_a_bound_ends_what_has_no_end_and_says_so() -> None:
    graph = build(ast.parse(LOOP).body[0])
    found = explore(graph, [(edge, 0) for edge in graph.entry.successors], counting, bound=50)
    with pytest.raises(TooComplex) as caught:
        list(found)
    assert (caught.value.limit, len(found)) == (50, 50)


def test_what_takes_as_many_points_as_its_bound_is_found() -> None:
    graph = build(ast.parse(LOOP).body[0])
    begun = [(edge, 0) for edge in graph.entry.successors]
    whole = list(explore(graph, begun, lambda _, state: state))
    assert list(explore(graph, begun, lambda _, state: state, bound=len(whole))) == whole
    with pytest.raises(TooComplex):
        list(explore(graph, begun, lambda _, state: state, bound=len(whole) - 1))


def test_who_stops_early_pays_for_no_more_and_may_go_on() -> None:
    graph = build(ast.parse(LOOP).body[0])
    asked: list[Edge] = []

    def transfer(edge: Edge, state: int) -> int:
        asked.append(edge)
        return state

    found = explore(graph, [(edge, 0) for edge in graph.entry.successors], transfer)
    first = next(iter(found))
    assert asked == []
    assert next(iter(found)) == first
    list(found)
    once = len(asked)
    assert once == len([edge for edge in edges_of(graph) if edge.source is not graph.entry])
    assert len(list(found)) == len(found)
    assert len(asked) == once


# Reachability.


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_reached_is_the_end_of_some_way(seed: int) -> None:
    random = Random(seed)
    graph = drawn(random, 6)
    closed = {edge for edge in edges_of(graph) if random.random() < 0.2}
    lengths: dict[Node, int] = {}
    for way in ways(graph.entry, len(graph.nodes)):
        if way and closed.isdisjoint(way[1:]):
            node = way[-1].target
            lengths[node] = min(lengths.get(node, len(way)), len(way))
    found = list(reach(graph.entry.successors, lambda edge: edge not in closed))
    assert len(found) == len(set(found))
    assert set(found) == set(lengths)
    assert [lengths[node] for node in found] == sorted(lengths.values())
    open_ = explore(
        graph, [(edge, 0) for edge in graph.entry.successors], lambda edge, _: None if edge in closed else 0
    )
    assert [node for node, _ in open_] == found


def test_the_edges_of_an_event_are_asked_for_when_it_has_been_seen() -> None:
    graph = build(ast.parse("def f():\n    a()\n    b()\n    c()\n").body[0], raises=lambda _: False)
    ended: list[Node] = []
    calls = []
    for node in reach(graph.entry.successors, lambda edge: edge.source not in ended):
        if node.kind == "call":
            calls.append(ast.unparse(node.node))
            if calls[-1] == "b()":
                ended.append(node)
    assert calls == ["a()", "b()"]
    assert set(reach(graph.entry.successors)) == set(graph.reverse_postorder()) - {graph.entry}
    assert set(EXITS.values()) - {"exit-normal"} == {kind for kind in graph.exits if not graph.may_end_in(kind)}
