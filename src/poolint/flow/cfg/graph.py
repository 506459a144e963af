"""The graph as it is asked: nodes, edges, orders. Nothing in here knows how statements become nodes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.syntax.patterns import as_test

if TYPE_CHECKING:
    from collections.abc import Sequence

NodeKind = Literal[
    "entry",
    "call",  # node: ast.Call, its receiver and arguments are evaluated
    "read",  # node: ast.Attribute, a property whose function runs
    "decorate",  # a decorator (node: its expression) is applied to a definition
    "await",  # node: ast.Await, where the coroutine may be suspended
    "yield",  # node: ast.Yield or ast.YieldFrom
    "enter",  # node: ast.withitem, value: its context expression
    "exit",  # the same item is left; `way` says how
    "store",  # node: the target that is bound (see `How`), value: where its value comes from
    "test",  # node: the expression (or ast.pattern) that flow branches on
    "iterate",  # node: ast.For, ast.AsyncFor or ast.comprehension, one step of it; value: what is iterated
    "except",  # node: ast.ExceptHandler, asked whether it takes what is raised
    "reraise",  # node: ast.Try, its `finally` is through and what was under way goes on
    "raise",  # node: ast.Raise
    "return",  # node: ast.Return or ast.Lambda, value: what is returned
    "assert",  # node: ast.Assert that has failed
    "import",  # node: ast.Import or ast.ImportFrom
    "statement",  # node: a statement without an event: `pass`, `break`, a constant
    "exit-normal",  # returned, or fallen off the end
    "exit-exception",
    "exit-cancel",
    "exit-generator",
    "exit-interrupt",
]
How = Literal[
    "",  # no store
    "assign",  # the value as it is: also annotated assignments and walrus
    "unpack",  # a part of the value: inside a tuple target
    "augmented",
    "with",  # what entering the value gave
    "for",  # an item of the value
    "import",  # node: ast.alias
    "except",  # node: ast.ExceptHandler
    "capture",  # node: ast.MatchAs, ast.MatchStar or ast.MatchMapping; value: the subject, if it is that as it is
    "delete",
    "definition",  # node: the function, class or type alias
]
EdgeKind = Literal[
    "normal",
    "true",
    "false",
    "item",  # from `iterate`, with one
    "exhausted",  # from `iterate`, without
    "loop-back",  # `normal`, to the head of a loop
    "exception",
    "cancel",
    "generator-exit",
    "interrupt",
]
Way = Literal["normal", "exception", "cancel", "generator-exit", "interrupt", "return", "break", "continue"]
"""A way out of a block."""

Unwinding = Literal["exception", "cancel", "generator-exit", "interrupt"]
"""The ways out, and kinds of edges, on which something raised is under way.

``exception`` is whatever ``except Exception`` catches; ``cancel`` is asyncio's ``CancelledError``, thrown into what
waits; ``generator-exit`` is thrown into a generator that is closed; ``interrupt`` is only what the function itself
raises to end the process, or any other ``BaseException``.
"""

Test = ast.expr | ast.pattern

UNWINDING: tuple[Unwinding, ...] = ("exception", "cancel", "generator-exit", "interrupt")

EXITS: dict[Way, NodeKind] = {
    "return": "exit-normal",
    "exception": "exit-exception",
    "cancel": "exit-cancel",
    "generator-exit": "exit-generator",
    "interrupt": "exit-interrupt",
}
"""The exit that each way out of a function leads to."""


class Node:
    """One event.

    ``way`` is ``normal`` but for what runs because a block is left otherwise: the ``exit`` of a with-item, the body of
    a ``finally`` and the question of an ``except`` stand in the graph once for each way on which they run. ``inner``
    marks events of a comprehension or class body, whose stores (but for a walrus) do not bind names of the function.
    """

    __slots__ = ("how", "index", "inner", "is_async", "kind", "node", "predecessors", "successors", "value", "way")

    def __init__(
        self,
        kind: NodeKind,
        node: ast.AST,
        *,
        value: ast.expr | None = None,
        how: How = "",
        way: Way = "normal",
        is_async: bool = False,
        inner: bool = False,
    ) -> None:
        self.index = -1
        self.kind: NodeKind = kind
        self.node = node
        self.value = value
        self.how: How = how
        self.way: Way = way
        self.is_async = is_async
        self.inner = inner
        self.successors: list[Edge] = []
        self.predecessors: list[Edge] = []

    @property
    def row(self) -> int:
        """The row that the event stands in; 0 for entry and exits."""
        if self.kind == "entry" or self.kind.startswith("exit-"):
            return 0
        where = self.node.context_expr if isinstance(self.node, ast.withitem) else self.node
        where = where.target if isinstance(where, ast.comprehension) else where
        return int(getattr(where, "lineno", 0))

    @property
    def may_raise(self) -> bool:
        """Whether an exception may be raised at this event, or passed on by it."""
        return any(edge.kind == "exception" for edge in self.successors)

    def __repr__(self) -> str:
        return f"<{self.index} {self.kind} {type(self.node).__name__} row {self.row}>"


class Edge:
    """One way on from one event to the next. Where it unwinds, the event was begun, and a store has bound nothing.

    ``test`` and ``truth`` stand on edges that know an expression's truth, or whether a pattern matched; a test that is
    only a part of a chained comparison knows it only where it fails.
    """

    __slots__ = ("kind", "source", "target", "test", "truth")

    def __init__(
        self, source: Node, target: Node, kind: EdgeKind, test: Test | None = None, truth: bool | None = None
    ) -> None:
        self.source = source
        self.target = target
        self.kind: EdgeKind = kind
        self.test = test
        self.truth = truth

    @property
    def at(self) -> ast.AST:
        """The syntax that the edge leaves from."""
        return self.source.node

    @property
    def asked(self) -> tuple[ast.expr, bool] | None:
        """What is asked and how that comes out, where it is known: a test, or the comparison that a pattern of constants is."""
        if self.truth is None or self.test is None:
            return None
        test = as_test(self.test) if isinstance(self.test, ast.pattern) else self.test
        return (test, self.truth) if test is not None else None

    @property
    def is_unwinding(self) -> bool:
        """Whether something raised is under way along this edge."""
        return self.kind in UNWINDING

    def __repr__(self) -> str:
        return f"<{self.source!r} -{self.kind}-> {self.target!r}>"


class Graph:
    """The control flow of one function.

    ``nodes`` holds what the entry reaches, in order of the source as far as there is one, and all exits, reached or
    not. ``exits`` has them by kind.
    """

    __slots__ = ("_by_syntax", "_dominators", "_intervals", "_order", "entry", "exits", "function", "nodes")

    def __init__(self, function: ast.AST, nodes: list[Node], order: list[Node], exits: dict[NodeKind, Node]) -> None:
        """``order`` is the reverse postorder of what the entry reaches; it begins with the entry."""
        self.function = function
        self.nodes = nodes
        self.entry = order[0]
        self.exits = exits
        self._by_syntax: dict[ast.AST, list[Node]] = {}
        self._order = order
        self._dominators: dict[Node, Node] | None = None
        self._intervals: dict[Node, tuple[int, int]] | None = None
        for index, node in enumerate(nodes):
            node.index = index
            if node is not self.entry and node.kind not in exits:
                self._by_syntax.setdefault(node.node, []).append(node)

    def nodes_of(self, node: ast.AST) -> list[Node]:
        """The events that a piece of syntax stands for: several in a ``finally``, none in code that nothing reaches."""
        return self._by_syntax.get(node, [])

    def may_end_in(self, exit_: NodeKind) -> bool:
        """Whether some way leads to the exit of this kind."""
        return bool(self.exits[exit_].predecessors)

    def reverse_postorder(self) -> list[Node]:
        """All that the entry reaches, each node before those that follow it but along the back edges of loops."""
        return self._order

    def dominators(self) -> dict[Node, Node]:
        """The immediate dominator of each node that the entry reaches: the last one that every path to it passes."""
        if self._dominators is None:
            from poolint.flow.cfg.dominators import immediate_dominators

            self._dominators = immediate_dominators(self.entry)
        return self._dominators

    def dominates(self, first: Node, second: Node) -> bool:
        """Whether each path from the entry to ``second`` passes ``first``; a node dominates itself."""
        outer, inner = self._dominated.get(first), self._dominated.get(second)
        return outer is not None and inner is not None and outer[0] <= inner[0] and inner[1] <= outer[1]

    def nearest_dominators(self, nodes: Sequence[Node]) -> dict[int, int]:
        """By the index of each of some nodes the index of that one of the others which dominates it and which all others
        that do so dominate. Whoever has one comes after it. Of equal nodes the first dominates the next."""
        spans = self._dominated
        found: dict[int, int] = {}
        around: list[tuple[int, int]] = []
        for start, index in sorted((spans[one][0], index) for index, one in enumerate(nodes) if one in spans):
            while around and around[-1][0] <= start:
                around.pop()
            if around:
                found[index] = around[-1][1]
            around.append((spans[nodes[index]][1], index))
        return found

    @property
    def _dominated(self) -> dict[Node, tuple[int, int]]:
        """The interval of each node in the tree of dominators, within which those lie that it dominates."""
        if self._intervals is None:
            from poolint.flow.cfg.dominators import intervals

            self._intervals = intervals(self.entry, self.dominators())
        return self._intervals

    def dump(self) -> str:
        """The graph as text, a line for each node with what follows it; stable, for tests and for looking at."""
        from poolint.flow.cfg.dump import dump

        return dump(self)


def reverse_postorder(entry: Node) -> list[Node]:
    """What ``entry`` reaches, each node before those that follow it but along the back edges of loops."""
    seen = {entry}
    done: list[Node] = []
    stack = [(entry, iter(entry.successors))]
    while stack:
        node, edges = stack[-1]
        for edge in edges:
            if edge.target not in seen:
                seen.add(edge.target)
                stack.append((edge.target, iter(edge.target.successors)))
                break
        else:
            stack.pop()
            done.append(node)
    return done[::-1]
