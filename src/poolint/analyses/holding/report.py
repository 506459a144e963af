"""Each stretch of a function over which a connection is held, with what it waits for meanwhile."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.schema import TAKING_ROLES
from poolint.types.call_sites import call_site, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects, Witness
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.syntax.scopes import Scope


class Wait(NamedTuple):
    """One call that waits for something else: its row, the chain of names down to what waits, and the effect."""

    row: int
    chain: tuple[str, ...]
    effect: str


class Stretch(NamedTuple):
    """A connection that is held in one function.

    ``resource`` holds it, ``how`` is the call or header by which it is taken, ``first`` and ``last`` are the rows of
    that and of the last thing that happens while it is held. ``awaits`` and ``queries`` are counted in between.
    """

    function: str
    resource: str
    how: str
    first: int
    last: int
    in_transaction: bool
    awaits: int
    queries: int
    waits: tuple[Wait, ...]

    @property
    def length(self) -> tuple[int, int, int]:
        """What the longest stretch has most of: waits for something else, then awaits, then rows."""
        return len(self.waits), self.awaits, self.last - self.first


def stretches(holdings: Holdings, slow: Effects, scope: Scope) -> Iterator[Stretch]:
    """The stretches of one function, or of what a module does itself, by where they begin."""
    found: dict[tuple[str, ast.expr], tuple[Hold, list[ast.Call]]] = {}
    for call, held in sorted(holdings.over(scope), key=lambda one: (one[0].lineno, one[0].col_offset)):
        for hold in held:
            found.setdefault((hold.resource, hold.since), (hold, []))[1].append(call)
    for change in holdings.changes(scope).holding():
        key = (change.resource, change.node)
        if key not in found:
            continue
        hold, calls = found[key]
        yield _stretch(hold, calls, slow, scope)


def _stretch(hold: Hold, calls: list[ast.Call], slow: Effects, scope: Scope) -> Stretch:
    waits = []
    queries = sum(_is_query(call, slow, scope) for call in [hold.since, *calls])
    for call in calls:
        witness: Witness | None = slow.of_call(call, scope)
        if witness is not None:
            waits.append(Wait(call.lineno, tuple(link.name for link in witness.links), witness.effect))
    first = hold.since.lineno
    last = max([hold.since.end_lineno or first, *(call.end_lineno or call.lineno for call in calls)])
    return Stretch(
        scope.qualified_name,
        hold.resource,
        text_of(hold.since, scope),
        first,
        last,
        hold.header is not None,
        _awaits(scope.node, first, last),
        queries,
        tuple(waits),
    )


def _is_query(node: ast.expr, slow: Effects, scope: Scope) -> bool:
    fact = call_site(slow.edges.ev, node, scope) if isinstance(node, ast.Call) else None
    return fact is not None and fact.role in TAKING_ROLES


def _awaits(function: ast.AST, first: int, last: int) -> int:
    """How often a task may be suspended between two rows of a function; nested functions do not count."""
    count = 0
    stack: list[ast.AST] = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if first <= getattr(node, "lineno", first) <= last:
            count += isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith))
        stack.extend(ast.iter_child_nodes(node))
    return count
