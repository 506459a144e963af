"""The standings of resources: tables on real functions, and on small random graphs against all of their ways."""

from __future__ import annotations

import ast
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.flow.drawing import drawn, ways

from poolint.analyses.holding.changes import Change, Changes
from poolint.analyses.holding.standings import Standing, Standings
from poolint.flow.cfg import Graph, Node, build

if TYPE_CHECKING:
    from poolint.flow.cfg import Edge


class Case(NamedTuple):
    name: str
    body: str
    expected: str
    """The standings of `s` at `here()`, by the rows of what they have come by."""


CASES = [
    Case("nothing is known", "here()", ""),
    Case("held since the first use", "use(); use(); here()", "held 2"),
    Case("held on one of two ways", "if c: use()\nhere()", "unknown, held 2"),
    Case("held on both, since two places", "if c: use()\nelse: use()\nhere()", "held 2, held 3"),
    Case("held since another place where it was not yet", "if c: use()\nuse()\nhere()", "held 2, held 3"),
    Case("ended on one of two ways", "use()\nif c: end()\nhere()", "held 2, ended 3"),
    Case("taken again after the one", "use()\nif c: end()\nuse()\nhere()", "held 2, held 4"),
    Case("what has ended twice has ended last", "use()\nend()\nend()\nhere()", "ended 4"),
    Case("round a loop", "for _ in c:\n here()\n use()", "unknown, held 4"),
    Case("round a loop that ends it", "for _ in c:\n here()\n use()\n end()", "unknown, ended 5"),
    Case("an end that raises has taken and not ended", "try: end()\nexcept E: here()", "held 2"),
    Case("a checkout that raises has taken nothing", "try: take()\nexcept E: here()", ""),
    Case("a finally after an end", "try:\n use()\n end()\nfinally:\n here()", "held 3, ended 4"),
    Case("no way leads there", "use()\nraise E\nhere()", ""),
]


def made(name: str, resource: str, node: ast.expr) -> Change:
    return Change(resource, name in ("use", "take"), node, reverse=name in ("end", "take"))


def words(standings: list[Standing]) -> str:
    found = []
    for one in standings:
        if one.change is None:
            found.append("unknown")
        else:
            found.append(f"{'ended' if one.ended else 'held'} {one.change.node.lineno}")
    return ", ".join(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_standings_in_a_function(case: Case) -> None:
    body = "\n".join(f" {row}" for row in case.body.split("\n"))
    graph = build(ast.parse(f"def f(c):\n{body}").body[0])
    changes = Changes()
    here = []
    for node in graph.nodes:
        if node.kind == "call" and isinstance(node.node, ast.Call) and isinstance(node.node.func, ast.Name):
            if node.node.func.id == "here":
                here.append(node)  # one for each way out of a `try`
            else:
                changes.calls[node.node] = [made(node.node.func.id, "s", node.node)]
    standings = Standings(graph, changes)
    found = dict.fromkeys(one for node in here for one in standings.before(node).get("s", ()))
    assert sorted(words(list(found)).split(", ")) == sorted(case.expected.split(", "))


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ("use()\nuse()\nhere()", 2),
        ("if c: use()\nelse: use()\nhere()", 2),
        ("if c: use()\nuse()\nhere()", 2),
        ("use()\nif c: end()\nuse()\nhere()", 4),
        ("use()\nif c:\n end()\n use()\nhere()", 2),
        ("use()\nwhile c:\n use()\n if d: end()\n else: here()", 2),
        ("here()", None),
    ],
    ids=["one", "branches", "before", "ended-before", "ended-on-a-branch", "loop", "none"],
)
def test_a_reader_is_told_of_what_no_end_follows(body: str, row: int | None) -> None:
    lines = "\n".join(f" {line}" for line in body.split("\n"))
    graph = build(ast.parse(f"def f(c):\n{lines}").body[0])
    changes = Changes()
    calls = {node: ast.unparse(node.node.func) for node in graph.nodes if isinstance(node.node, ast.Call)}
    for node, name in calls.items():
        if name != "here":
            changes.calls[node.node] = [made(name, "s", node.node)]  # type: ignore[arg-type]
    (here,) = (node for node, name in calls.items() if name == "here")
    since = Standings(graph, changes).since(here, "s")
    assert (since.node.lineno if since is not None else None) == row


# On random graphs: what one way does, told step by step.


def along(way: list[Edge], first: dict[str, Standing], changes: Changes) -> dict[str, Standing] | None:
    """How the resources stand at the end of a way; None where it is one that is not gone."""
    standing = dict(first)
    for edge in way:
        if edge.kind in ("cancel", "interrupt", "generator-exit"):
            return None
        for change in changes.calls.get(edge.source.node, ()):
            before = standing[change.resource]
            happens = not (edge.kind == "exception" and change.reverse)
            if change.holds and not happens:
                standing[change.resource] = Standing(change.resource)
            elif not change.holds and happens:
                standing[change.resource] = Standing(change.resource, change, ended=True)
            elif before.change is None or before.ended:
                standing[change.resource] = Standing(change.resource, change)
    return standing


@pytest.mark.parametrize("seed", range(60))
def test_standings_are_those_over_all_ways(seed: int) -> None:
    """A way of three edges an event shows each: to where nothing is held, to where it is taken, and on from there."""
    random = Random(seed)
    changes = Changes()

    def event(number: int) -> Node:
        call = ast.Call(ast.Name("f"), [], [], lineno=number + 1, col_offset=0)
        names = random.choices(("use", "end", "take", "close", ""), k=random.choice((1, 1, 2)))
        changes.calls[call] = [made(one, random.choice("ab"), call) for one in names if one]
        return Node("call", call)

    graph = drawn(random, 5, event)
    given = made("use", "a", ast.Name("given", lineno=0, col_offset=0))
    changes.before = [given] if random.random() < 0.3 else []
    first = {name: Standing(name) for name in "ab"} | {one.resource: Standing("a", one) for one in changes.before}
    expected: dict[Node, set[Standing]] = {}
    for way in ways(graph.entry, 3 * (len(graph.nodes) - 1)):
        found = along(way, first, changes)
        if found is not None:
            expected.setdefault(way[-1].target if way else graph.entry, set()).update(found.values())
    standings = Standings(graph, changes)
    for node in graph.nodes:
        for name, all_ in standings.before(node).items():
            since = standings.since(node, name)
            held = [one for one in all_ if one.is_held]
            assert since is None or any(one.change is since for one in held) or not since.holds or len(all_) > len(held)
            assert (since is None) == (not held)
        known = {one for all_ in standings.before(node).values() for one in all_}
        told = {one.resource for one in known}
        # A resource of which nothing is known on any way is not told.
        assert {one for one in expected.get(node, ()) if one.resource in told} == known
        assert all(one.change is None for one in expected.get(node, ()) if one.resource not in told)


def test_there_are_no_more_standings_than_changes() -> None:
    """However many ways there are, and wherever they meet."""
    body = "".join(f"    if c({row}):\n        use({row})\n    if d({row}):\n        end({row})\n" for row in range(60))
    graph: Graph = build(ast.parse(f"def f(c):\n{body}").body[0])
    changes = Changes()
    for node in graph.nodes:
        if node.kind == "call" and isinstance(node.node, ast.Call):
            name = ast.unparse(node.node.func)
            if name in ("use", "end"):
                changes.calls[node.node] = [made(name, "s", node.node)]
    (found,) = Standings(graph, changes).before(graph.exits["exit-normal"]).values()
    assert found[0].change is None
    assert len(found) == len(set(found)) == 1 + 60 + 60
