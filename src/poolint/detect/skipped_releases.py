"""Whether what raises stands in a ``finally`` before the release of a checkout, whoever does that: a method of it, its pool, or
a function of the project."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.typestate import Trace
from poolint.analyses.lifetimes.witnesses import unwinding
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.flow.cfg import Edge


class SkippedReleases:
    """Answers for one checkout; ``follow`` goes through it once more, and tells a trace where it is released."""

    def __init__(self, follow: Callable[[Trace], object]) -> None:
        self._follow = follow
        self._found: frozenset[ast.AST] | None = None

    def on(self, edges: list[Edge]) -> bool:
        """Whether what raises on a path stands in a ``finally`` that releases the checkout further down. What releases it itself
        and fails before it has done so skips nothing."""
        edge = unwinding(edges)
        raising = edge.source.node if edge is not None else None
        later = _later_in_finally(raising) if isinstance(raising, ast.expr) else []
        if not later or raising is None or without_await(raising) in self._releases():
            return False
        return any(inner in self._releases() for one in later for inner in ast.walk(one))

    def _releases(self) -> frozenset[ast.AST]:
        if self._found is None:
            trace = Trace()
            self._follow(trace)
            nodes = [edge.source.node for _, edge, end in trace.ends if end.how == "released"]
            self._found = frozenset(without_await(one) if isinstance(one, ast.expr) else one for one in nodes if one)
        return self._found


def _later_in_finally(raising: ast.expr) -> list[ast.stmt]:
    """The statement of the innermost ``finally`` that an expression stands in, and those after it there."""
    child: ast.AST = raising
    parent = parent_of(child)
    while parent is not None:
        if isinstance(parent, ast.Try):
            index = next((at for at, one in enumerate(parent.finalbody) if one is child), None)
            if index is not None:
                return parent.finalbody[index:]
        child, parent = parent, parent_of(parent)
    return []
