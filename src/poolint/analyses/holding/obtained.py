"""Which way a lock was obtained that a statement says of whether it was: ``if not got: return``.

A statement that tries for an advisory lock comes out as true where it has it, and one that locks rows has locked none where
it finds none. What comes out is followed to the conditions that ask for it, by the names that hold it; the edges of the
graph say how they came out.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.flow.solver import completed, reach
from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import nearest
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Outcome:
    """What comes out of ``taken``, a call that may lock. ``is_tried``: it locks only where that is true."""

    def __init__(self, ev: Evaluator, taken: ast.Call, scope: Scope, is_tried: bool) -> None:
        self.taken = taken
        self.scope = scope
        self.is_tried = is_tried
        fact = call_site(ev, taken, scope)
        is_cursor = fact is not None and fact.cls is not None and fact.cls.kind == "cursor"
        self._names: set[str] = set()
        """What holds what came out, by names and dotted names."""
        # A cursor keeps what comes out, and its next calls say it.
        self._cursor = ast.dump(taken.func.value) if is_cursor and isinstance(taken.func, ast.Attribute) else ""

    def is_obtained(self, graph: Graph, ends: list[Node]) -> bool:
        """Whether the lock is held wherever control comes from ``taken`` to one of ``ends``, by what was asked of it.

        Without a condition a lock that was only tried for is not known to be held, and one of rows is.
        """
        begun = [one for one in graph.nodes_of(self.taken) if one.kind != "test"]
        self._names = self._carriers(graph)
        if self.is_tried:
            # A way without an edge that says "obtained" is one too many.
            return not self._comes(begun, ends, lambda edge: self._said(edge) is not True)
        return self._comes(begun, ends, lambda edge: self._said(edge) is not False)

    def _carriers(self, graph: Graph) -> set[str]:
        """The names that are given what came out, and those that are given these."""
        stores = [
            (name_of(one.node), one.value)
            for one in graph.nodes
            if one.kind == "store" and not one.inner and (self.is_tried or one.how != "unpack")
        ]
        names: set[str] = set()
        known = -1
        while known < len(names):
            known = len(names)
            self._names = names
            names = names | {name for name, value in stores if name and value is not None and self._tells(value)}
        return names

    def _comes(self, begun: list[Node], ends: list[Node], passes: Callable[[Edge], bool]) -> bool:
        found = reach(completed(begun), lambda edge: edge.source not in begun and passes(edge))
        return any(one in ends for one in found)

    def _said(self, edge: Edge) -> bool | None:
        """Whether an edge is taken only where the lock is held, or only where it is not."""
        if not isinstance(edge.test, ast.expr) or edge.truth is None:
            return None
        test, truth = unnegated(edge.test, edge.truth)
        if isinstance(test, ast.Compare):
            if len(test.ops) != 1 or not isinstance(test.comparators[0], ast.Constant):
                return None
            value = test.comparators[0].value
            if isinstance(test.ops[0], (ast.Is, ast.Eq)):
                truth = truth is bool(value)
            elif isinstance(test.ops[0], (ast.IsNot, ast.NotEq)):
                truth = truth is not bool(value)
            else:
                return None
            if value is None and truth and self.is_tried:
                return None  # there is a row, which says whether
            test = test.left
        return truth if self._tells(test) else None

    def _tells(self, node: ast.expr) -> bool:
        """Whether an expression is what came out, as it is or as a method or a conversion gives it."""
        while node is not self.taken and name_of(node) not in self._names:
            if isinstance(node, (ast.Await, ast.NamedExpr)):
                node = node.value
            elif isinstance(node, (ast.Attribute, ast.Subscript)) and self.is_tried:
                node = node.value  # the only column of the only row
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                node = node.func.value
                if self._cursor and ast.dump(node) == self._cursor:
                    return True
            elif _is_of_builtins(node, self.scope):
                node = node.args[0]  # type: ignore[attr-defined]  # `bool(…)`
            else:
                return False
        return True


def _is_of_builtins(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a call with one argument of a function that nothing in the module binds."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and len(node.args) == 1
        and not nearest(node.func.id, scope)
    )
