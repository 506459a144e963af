"""What the observers share."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.diagnostics import Position, Range, Step
from poolint.semantics.lifetimes.flags import asked
from poolint.semantics.scopes import parent_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.semantics.cfg import Edge, Node
    from poolint.semantics.effects import Witness
    from poolint.semantics.project import Module
    from poolint.semantics.scopes import Scope


def range_of(
    node: ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.alias | ast.keyword, module: Module
) -> Range:
    """The range of a node, in characters."""
    source = module.source
    end_row = node.end_lineno or node.lineno
    return Range(
        Position(node.lineno, source.column(node.lineno, node.col_offset)),
        Position(end_row, source.column(end_row, node.end_col_offset or 0)),
    )


def step(message: str, node: ast.expr | ast.stmt | ast.arg, module: Module) -> Step:
    """A station on a finding's path, at ``node``."""
    return Step(message, module.source.path, range_of(node, module))


def calls_of(witness: Witness) -> tuple[Step, ...]:
    """The stations of a chain of calls, each at its call."""
    return tuple(step(f"calls `{link.name}`", link.node, link.scope.module) for link in witness.links)


def may_await(node: ast.AST, scope: Scope) -> bool:
    """Whether an ``await`` may be written around ``node``."""
    if scope.kind != "function" or not scope.is_async:
        return False
    child, current = node, parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, ast.Lambda):
            return False
        if isinstance(current, ast.GeneratorExp) and not _first_iterable(child, current):
            return False
        child, current = current, parent_of(current)
    return True


def _first_iterable(child: ast.AST, expression: ast.GeneratorExp) -> bool:
    return child is expression.generators[0]


def is_in_loop(node: ast.AST, scope: Scope) -> bool:
    """Whether a place in a function runs again and again each time that the function is called."""
    child, current = node, parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, (ast.For, ast.AsyncFor)) and child is not current.iter:
            return True
        if isinstance(current, ast.While):
            return True
        child, current = current, parent_of(current)
    return False


def escapes(node: Node, stops: Set[Node], name: str) -> bool:
    """Whether an exception at an event leaves the function without passing one of ``stops``; see :func:`walk`."""
    raised = [edge for edge in node.successors if edge.kind == "exception"]
    return any(one.kind == "exit-exception" for one in walk(raised, stops, name))


def walk(edges: Iterable[Edge], stops: Set[Node], name: str) -> Iterator[Node]:
    """What comes along some edges, and after that, but for ``stops`` and what only they lead to.

    ``name``, dotted or not, is that of something that is there: no way leads through a test that says it is not.
    """
    queue = list(edges)
    seen: set[Node] = set()
    for edge in queue:  # grows
        if isinstance(edge.test, ast.expr) and edge.truth is not None and asked(edge.test, edge.truth) == (name, False):
            continue
        node = edge.target
        if node not in seen and node not in stops:
            seen.add(node)
            yield node
            queue += node.successors


def header(node: ast.With | ast.AsyncWith) -> ast.expr:
    """The first context expression of a ``with``: it stands for the statement in a path."""
    return node.items[0].context_expr


def follows(node: ast.AST, other: ast.AST) -> bool:
    """Whether something happens after something else each time: it stands further down in the same block, or inside it."""
    block = parent_of(statement_of(other))
    current: ast.AST | None = statement_of(node)
    while current is not None and parent_of(current) is not block:
        current = parent_of(current)
    if current is None or block is None:
        return False
    for items in (getattr(block, field, ()) for field in ("body", "orelse", "finalbody")):
        if any(current is one for one in items):
            return any(statement_of(other) is one for one in items) and current is not statement_of(other)
    return False
