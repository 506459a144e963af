"""Graphs grow linearly, are built without recursion, and are refused past a bound, however a function is written."""

from __future__ import annotations

import ast
import gc
import time
from typing import TYPE_CHECKING

import pytest

from poolint.flow.cfg import MAX_NODES, Graph, TooComplex, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 1.0
"""Seconds of processor time for what takes less than a fifth of it."""


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    """The collector is off, as in poolint's own processes: it would count what other tests have left."""
    gc.disable()
    yield
    gc.enable()


def timed(function: ast.AST) -> Graph:
    start = time.process_time()
    graph = build(function)
    graph.reverse_postorder()
    graph.dominators()
    assert time.process_time() - start < LIMIT
    return graph


def flat(row: str, count: int, header: str = "def f():") -> ast.AST:
    """A function of as many rows, in which ``#`` is a number."""
    return ast.parse("\n".join([header, *(f"    {row}".replace("#", str(index)) for index in range(count))])).body[0]


@pytest.mark.parametrize("row", ["if a#: b()", "a# = b() and c", "with a#: pass", "match a#:\n     case 1: b"])
def test_five_thousand_branches(row: str) -> None:
    graph = timed(flat(row, 5_000))
    assert 10_000 <= len(graph.nodes) <= 20_010


def test_a_chain_of_five_thousand_elifs() -> None:
    statement = parsed("if a0: b0()")
    for index in range(1, 5_000):
        outer = parsed(f"if a{index}: b{index}()")
        outer.orelse = [statement]
        statement = outer
    assert len(timed(function_of(statement)).nodes) == 10_000 + 2 + 4


# Nesting that Python itself refuses to parse is made from syntax trees, by hand.


def parsed(source: str) -> ast.AST:
    tree = ast.parse(f"async def f():\n    while True:\n        {source}".replace("\n|", "\n        "))
    return tree.body[0].body[0].body[0]


def function_of(*body: ast.AST) -> ast.AST:
    function = ast.parse("async def f(): pass").body[0]
    function.body = list(body)
    return function


def nested(source: str, depth: int, path: str = "body") -> ast.AST:
    """``source`` inside itself: where it has ``here()``."""
    inner: list[ast.AST] = [parsed("pass")]
    for _ in range(depth):
        outer = parsed(source)
        place = outer
        for name in path.split("."):
            place = getattr(place, name) if not name.isdigit() else place[int(name)]
        assert ast.unparse(place[0]) == "here()"
        place[:1] = inner
        inner = [outer]
    return function_of(*inner)


NESTED = [
    ("if a:\n|    here()", 5_000, "body"),
    ("while a:\n|    here()", 1_000, "body"),
    ("for a in b:\n|    here()\n|    c()", 1_000, "body"),
    ("with a:\n|    here()\n|    b()", 1_000, "body"),
    ("async with a() as b:\n|    here()\n|    await c()", 200, "body"),
    ("try:\n|    here()\n|    await a()\n|finally:\n|    await b()", 200, "body"),
    ("try:\n|    here()\n|    if a: return\n|    yield b\n|finally:\n|    c()", 200, "body"),
    ("try:\n|    a()\n|finally:\n|    here()", 40, "finalbody"),
    (
        "try:\n|    here()\n|    await a()\n|except (b, asyncio.CancelledError):\n|    c()\n|else:\n|    d()",
        200,
        "body",
    ),
    ("try:\n|    a()\n|except b:\n|    here()\n|    raise", 200, "handlers.0.body"),
    ("match a:\n|    case 1:\n|        here()\n|    case b if c():\n|        d()", 200, "cases.0.body"),
]


@pytest.mark.parametrize(("source", "depth", "path"), NESTED, ids=[source.split("\n")[0] for source, *_ in NESTED])
def test_deep_nesting(source: str, depth: int, path: str) -> None:
    small, large = (len(timed(nested(source, count, path)).nodes) for count in (depth // 2, depth))
    # The second half adds what the first did; only inside `finally` the copies add up, to a square.
    assert large <= small * (4.2 if path == "finalbody" else 2.1)
    assert large <= MAX_NODES


EXPRESSIONS = {
    "sum": lambda inner: ast.BinOp(inner, ast.Add(), leaf()),
    "methods": lambda inner: ast.Call(ast.Attribute(inner, "m", ast.Load()), [], []),
    "arguments": lambda inner: ast.Call(ast.Name("f", ast.Load()), [inner], []),
    "conjunction": lambda inner: ast.BoolOp(ast.And(), [ast.Name("a", ast.Load()), inner]),
    "ternary": lambda inner: ast.IfExp(ast.Name("a", ast.Load()), leaf(), inner),
    "negation": lambda inner: ast.UnaryOp(ast.Not(), inner),
    "lists": lambda inner: ast.List([inner], ast.Load()),
}


def leaf() -> ast.expr:
    return ast.Call(ast.Name("a", ast.Load()), [], [])


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("statement", [ast.Expr, lambda value: ast.If(value, [ast.Pass()], [])], ids=["value", "test"])
def test_deep_expressions(name: str, statement: Callable[[ast.expr], ast.stmt]) -> None:
    expression = leaf()
    for _ in range(1_500):
        expression = EXPRESSIONS[name](expression)
    graph = timed(function_of(statement(expression)))
    assert len(graph.nodes) <= 4_520
    assert graph.dump()


def test_a_large_literal() -> None:
    row = f"x = [{', '.join(f'({index}, {{1: [-{index}, a]}})' for index in range(10_000))}]"
    assert len(timed(flat(row, 1)).nodes) == 2 + 5


def test_many_jumps_out_of_one_try() -> None:
    jumps = "\n".join(
        f"            if a{index}: {('return', 'break', 'continue')[index % 3]}" for index in range(3_000)
    )
    source = f"def f():\n    while b:\n        try:\n{jumps}\n        finally:\n            c()\n"
    graph = timed(ast.parse(source).body[0])
    assert len([node for node in graph.nodes if node.kind == "call"]) == 4


def test_past_the_bound() -> None:
    source = "\n\n\ndef f():\n" + "    a()\n" * (MAX_NODES + 1)
    with pytest.raises(TooComplex) as caught:
        timed(ast.parse(source).body[0])
    assert (caught.value.row, caught.value.limit) == (4, MAX_NODES)
    assert str(caught.value) == "row 4: more than 20000 events in one function"


def test_the_bound_can_be_chosen() -> None:
    build(flat("a()", 10), max_nodes=10)
    with pytest.raises(TooComplex):
        build(flat("a()", 11), max_nodes=10)


def test_copies_of_copies_are_refused_in_time() -> None:
    tried = "try:\n|        if b: return\n|        if c: break\n|        await d()\n|    finally:\n|        here()"
    source = f"while a:\n|    {tried}"
    start = time.process_time()
    with pytest.raises(TooComplex):
        build(nested(source, 40, "body.0.finalbody"))
    assert time.process_time() - start < LIMIT
