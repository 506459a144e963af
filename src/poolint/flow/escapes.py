"""Whether control can leave a function from a place without passing others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asked
from poolint.flow.solver import raised, reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.flow.cfg import Edge, Node


_PASSING = frozenset({"reraise", "except", "raise"})
"""Events that pass on what was raised before them."""


def escapes(node: Node, stops: Set[Node], name: str, *, raising: bool = True) -> bool:
    """Whether an exception at an event leaves the function without passing one of ``stops``; see :func:`walk`."""
    return any(one.kind == "exit-exception" for one in walk(raised([node]), stops, name, raising=raising))


def passes_on(edge: Edge) -> bool:
    """Whether what was raised before is only passed on along an edge."""
    return edge.source.kind in _PASSING or (edge.source.kind == "exit" and edge.source.way != "normal")


def walk(edges: Iterable[Edge], stops: Set[Node], name: str, *, raising: bool = True) -> Iterator[Node]:
    """What comes along some edges, and after that, but for ``stops`` and what only they lead to.

    ``name``, dotted or not, is that of something that is there: no way leads through a test that says it is not. Without
    ``raising``, nothing raises but what the edges begin with.
    """
    begun = list(edges)

    def passes(edge: Edge) -> bool:
        if edge.target in stops or not (raising or not edge.is_unwinding or passes_on(edge) or edge in begun):
            return False
        if not isinstance(edge.test, ast.expr) or edge.truth is None:
            return True
        return asked(edge.test, edge.truth) != (name, False)

    return reach(filter(passes, begun), passes)
