"""Whether control can leave a function from a place without passing others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asked
from poolint.flow.solver import raised, reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.flow.cfg import Edge, Node


def escapes(node: Node, stops: Set[Node], name: str) -> bool:
    """Whether an exception at an event leaves the function without passing one of ``stops``; see :func:`walk`."""
    return any(one.kind == "exit-exception" for one in walk(raised([node]), stops, name))


def walk(edges: Iterable[Edge], stops: Set[Node], name: str) -> Iterator[Node]:
    """What comes along some edges, and after that, but for ``stops`` and what only they lead to.

    ``name``, dotted or not, is that of something that is there: no way leads through a test that says it is not.
    """

    def passes(edge: Edge) -> bool:
        if edge.target in stops:
            return False
        if not isinstance(edge.test, ast.expr) or edge.truth is None:
            return True
        return asked(edge.test, edge.truth) != (name, False)

    return reach(filter(passes, edges), passes)
