"""What nodes and edges know, what can be asked of a graph, and what the callers of ``build`` are asked."""

from __future__ import annotations

import ast
import itertools
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest
from generating import FLAVOURS, program

from poolint.flow.cfg import EXITS, Edge, Graph, Node, build
from poolint.flow.solver import reach

if TYPE_CHECKING:
    from collections.abc import Callable


def graph_of(source: str, **known: Callable[..., bool]) -> Graph:
    return build(ast.parse(source).body[0], **known)


def the(graph: Graph, kind: str, text: str = "") -> Node:
    """The one node of a kind, of those whose syntax is written so."""
    found = [node for node in graph.nodes if node.kind == kind and (not text or ast.unparse(node.node) == text)]
    assert len(found) == 1, found
    return found[0]


def edge(node: Node, kind: str) -> Edge:
    found = [one for one in node.successors if one.kind == kind]
    assert len(found) == 1, found
    return found[0]


# Nodes and edges.


def test_edges_know_the_test_and_its_truth() -> None:
    graph = graph_of("def f():\n    if a is not None and not b():\n        c()\n")
    first, second = the(graph, "test", "a is not None"), the(graph, "test", "b()")
    assert edge(first, "true").test is first.node
    assert edge(first, "true").truth is True
    assert edge(first, "false").truth is False
    assert edge(second, "false").target is the(graph, "call", "c()")
    assert edge(second, "false").at is second.node
    call = the(graph, "call", "b()")
    assert (edge(call, "normal").test, edge(call, "normal").truth) == (None, None)


def test_edges_of_patterns_know_the_pattern() -> None:
    graph = graph_of("def f():\n    match a:\n        case None:\n            b()\n")
    test = the(graph, "test")
    assert isinstance(edge(test, "true").test, ast.MatchSingleton)
    assert (edge(test, "true").truth, edge(test, "false").truth) == (True, False)


def test_a_part_of_a_chained_comparison_knows_only_that_it_failed() -> None:
    graph = graph_of("def f():\n    if a < b() < c():\n        d()\n")
    early, late = (node for node in graph.nodes if node.kind == "test")
    assert (edge(early, "true").test, edge(early, "true").truth) == (None, None)
    assert edge(early, "false").test is edge(late, "true").test is early.node


def test_edges_that_unwind() -> None:
    graph = graph_of("async def f():\n    await a()\n")
    kinds = {one.kind: one.is_unwinding for node in graph.nodes for one in node.successors}
    assert kinds == {"normal": False, "exception": True, "cancel": True}


STORES = [
    ("a = b", [("a", "assign", "b")]),
    ("a: b = c", [("a", "assign", "c")]),
    ("a.b, c[d] = e", [("a.b", "unpack", "e"), ("c[d]", "unpack", "e")]),
    ("a, (b, c) = d, e", [("a", "assign", "d"), ("b", "unpack", "e"), ("c", "unpack", "e")]),
    ("a, *b = c, d", [("a", "unpack", "(c, d)"), ("b", "unpack", "(c, d)")]),
    ("a, b = b, a", [("a", "unpack", "(b, a)"), ("b", "unpack", "(b, a)")]),
    ("a += b", [("a", "augmented", "b")]),
    ("del a", [("a", "delete", "")]),
    ("for a in b: pass", [("a", "for", "b")]),
    ("for a, b in c: pass", [("a", "unpack", "c"), ("b", "unpack", "c")]),
    ("with a as b: pass", [("b", "with", "a")]),
    ("with a as (b, c): pass", [("b", "unpack", "a"), ("c", "unpack", "a")]),
    ("a(b := c)", [("b", "assign", "c")]),
    ("[a for b in c]", [("b inner", "for", "c")]),
    ("[a for b in c if (d := b)]", [("b inner", "for", "c"), ("d", "assign", "b")]),
    ("import a.b as c", [("a.b as c", "import", "")]),
    ("def a(): pass", [("def a():", "definition", "")]),
    ("class a: b = c", [("b inner", "assign", "c"), ("class a:", "definition", "")]),
    ("try: a()\nexcept b as c: pass", [("except b as c:", "except", "")]),
    ("match a():\n    case b: pass", [("b", "capture", "a()")]),
    (
        "match a:\n    case [b, *c] as d: pass",
        [("[b, *c] as d", "capture", "a"), ("b", "capture", ""), ("*c", "capture", "")],
    ),
    ("match a:\n    case {'b': c, **d}: pass", [("{'b': c, **d}", "capture", ""), ("c", "capture", "")]),
]


@pytest.mark.parametrize(("source", "expected"), STORES, ids=[source.split("\n")[0] for source, _ in STORES])
def test_stores_know_how_and_from_what(source: str, expected: list[tuple[str, str, str]]) -> None:
    body = ast.parse(source).body
    function = ast.parse("def f(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = body
    found = [
        (
            ast.unparse(node.node).strip().split("\n")[0] + " inner" * node.inner,
            node.how,
            ast.unparse(node.value) if node.value is not None else "",
        )
        for node in build(function).nodes
        if node.kind == "store"
    ]
    assert found == expected


def test_events_know_that_they_are_asynchronous() -> None:
    graph = graph_of("async def f():\n    async with a:\n        async for b in c:\n            with d: pass\n")
    asynchronous = {(node.kind, ast.unparse(node.value)) for node in graph.nodes if node.is_async and node.value}
    assert asynchronous == {("enter", "a"), ("iterate", "c"), ("exit", "a")}


def test_rows() -> None:
    graph = graph_of("def f():\n    with a:\n        [b for c in d]\n    return\n")
    rows = {(node.kind, node.row) for node in graph.nodes}
    assert rows >= {("entry", 0), ("exit-normal", 0), ("enter", 2), ("exit", 2), ("iterate", 3), ("return", 4)}


# Questions.


def test_a_graph_has_all_exits_reached_or_not() -> None:
    graph = graph_of("def f():\n    while True:\n        a\n")
    assert set(graph.exits) == set(EXITS.values())
    assert not any(node.predecessors or graph.may_end_in(kind) for kind, node in graph.exits.items())
    assert not set(graph.reverse_postorder()) & set(graph.exits.values())


def test_the_nodes_of_syntax() -> None:
    graph = graph_of("def f():\n    try:\n        a()\n    finally:\n        b()\n    return\n    c()\n")
    function = graph.function
    assert isinstance(function, ast.FunctionDef)
    tried, returned, dead = function.body
    assert isinstance(tried, ast.Try)
    assert isinstance(tried.finalbody[0], ast.Expr)
    assert [node.way for node in graph.nodes_of(tried.finalbody[0].value)] == ["normal", "exception"]
    assert [node.kind for node in graph.nodes_of(returned)] == ["return"]
    assert isinstance(dead, ast.Expr)
    assert graph.nodes_of(dead) == graph.nodes_of(dead.value) == graph.nodes_of(function) == []


def test_what_may_raise() -> None:
    graph = graph_of("def f():\n    a()\n    b()\n", raises=lambda one: ast.unparse(one) == "b()")
    assert [the(graph, "call", name).may_raise for name in ("a()", "b()")] == [False, True]
    assert [graph.may_end_in(kind) for kind in ("exit-normal", "exit-exception", "exit-cancel")] == [True, True, False]


def reachable(graph: Graph) -> set[Node]:
    return {graph.entry, *reach(graph.entry.successors)}


def random_graphs(count: int) -> list[Graph]:
    sources = [program(Random(seed), FLAVOURS[seed % len(FLAVOURS)]) for seed in range(count)]
    return [graph_of(source) for source in sources]


def test_edges_are_known_at_both_ends() -> None:
    for graph in random_graphs(100):
        edges = {one for node in graph.nodes for one in node.successors}
        assert edges == {one for node in graph.nodes for one in node.predecessors}
        assert [node.index for node in graph.nodes] == list(range(len(graph.nodes)))
        assert {one.target for one in edges} <= set(graph.nodes)
        assert set(graph.nodes) - set(graph.exits.values()) <= reachable(graph)


def test_reverse_postorder() -> None:
    for graph in random_graphs(100):
        order = graph.reverse_postorder()
        assert set(order) == reachable(graph)
        place = {node: index for index, node in enumerate(order)}
        back = [one for node in order for one in node.successors if place[one.target] <= place[node]]
        assert all(graph.dominates(one.target, one.source) for one in back), "only loops go back"
        assert order[0] is graph.entry


def test_dominators() -> None:
    for graph in random_graphs(60):
        dominators = graph.dominators()
        everything = reachable(graph)
        assert set(dominators) == everything - {graph.entry}
        for node in everything:
            # By definition: what cannot be reached any more without it.
            without = {graph.entry} - {node}
            stack = list(without)
            while stack:
                for one in stack.pop().successors:
                    if one.target is not node and one.target not in without:
                        without.add(one.target)
                        stack.append(one.target)
            dominated = everything - without
            assert dominated == {other for other in everything if graph.dominates(node, other)}
            assert all(other is node or graph.dominates(node, dominators[other]) for other in dominated)


def test_nearest_dominators_lead_to_all_others() -> None:
    for number, graph in enumerate(random_graphs(30)):
        random = Random(number)
        nodes = random.sample(graph.nodes, len(graph.nodes) // 2)
        nodes += nodes[:2]  # some twice
        nearest = graph.nearest_dominators(nodes)
        for index, node in enumerate(nodes):
            before, chain = index, []
            while before in nearest:
                before = nearest[before]
                chain.append(nodes[before])
            wanted = {one for one in nodes if one is not node and graph.dominates(one, node)}
            assert {one for one in chain if one is not node} == wanted
            assert all(graph.dominates(outer, inner) for inner, outer in itertools.pairwise(chain))


def test_what_nothing_reaches_dominates_nothing() -> None:
    graph = graph_of("def f(): pass")
    dead = graph.exits["exit-cancel"]
    assert not graph.dominates(dead, graph.entry)
    assert not graph.dominates(graph.entry, dead)


def test_dumps_are_stable() -> None:
    for one, other in zip(random_graphs(20), random_graphs(20), strict=True):
        assert one.dump() == other.dump()


# What callers are asked.


def test_what_raises_is_asked() -> None:
    asked = []
    source = "async def f():\n    @a\n    def g(): pass\n    with b(c): yield d\n    for e in h: await i()\n"
    graph_of(source, raises=lambda expression: bool(asked.append(ast.unparse(expression))))
    assert sorted(set(asked)) == ["(yield d)", "a", "await i()", "b(c)", "h", "i()"]


def test_what_suppresses_is_asked() -> None:
    asked = []
    source = "async def f():\n    with a, b: pass\n    async with c: pass\n"
    graph_of(source, suppresses=lambda item, is_async: bool(asked.append((ast.unparse(item), is_async))))
    assert sorted(asked) == [("a", False), ("b", False), ("c", True)]


# Newer syntax, and what is none.


@pytest.mark.skipif(sys.version_info < (3, 11), reason="except* is new in 3.11")
def test_except_star_is_like_except() -> None:
    source = "async def f():\n    try:\n        await a()\n    except* ValueError:\n        b()\n"
    assert graph_of(source).dump() == graph_of(source.replace("*", "")).dump()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type is new in 3.12")
def test_a_type_alias_is_a_definition() -> None:
    assert the(graph_of("def f():\n    type a = b()\n"), "store").how == "definition"


def test_other_syntax_has_no_flow() -> None:
    with pytest.raises(TypeError, match="Pass"):
        build(ast.Pass())
