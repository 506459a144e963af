"""The core that all families of statements build with: open ends, blocks that are left, and a driver without recursion.

While a graph grows, ``Builder.ends`` holds the edges that still lack a target; the next event takes them all. An edge
that leaves a block instead (``return``, something raised) waits in the innermost :class:`Frame` that stops its way
out, and goes on when that frame is closed. So each jump costs one edge, however deep it stands.

Statements and expressions are built by generators that *yield* the parts they need built, where a recursive function
would call itself: :meth:`Builder.run` keeps them on a list, and no depth of nesting exhausts Python's stack.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterable, Mapping, Set
from typing import Any, NamedTuple, Optional

from poolint.flow.cfg.graph import (
    EXITS,
    UNWINDING,
    Edge,
    EdgeKind,
    Graph,
    How,
    Node,
    NodeKind,
    Test,
    Unwinding,
    Way,
    reverse_postorder,
)

MAX_NODES = 20_000
"""Events of one function. The largest of 526,000 functions and modules in 11 million real lines has 10,591."""

JUMPS: tuple[Way, ...] = ("return", "break", "continue")
WAYS_OUT: tuple[Way, ...] = (*UNWINDING, *JUMPS)

Steps = Generator[Optional["Steps"], None, None]
"""A part under construction; what it yields is built before it goes on."""


class TooComplex(Exception):
    """A function has more events than a graph may hold; ``row`` is where the function begins."""

    def __init__(self, function: ast.AST, limit: int) -> None:
        self.row = int(getattr(function, "lineno", 1))
        self.limit = limit
        super().__init__(f"row {self.row}: more than {limit} events in one function")


class End(NamedTuple):
    """An edge that has no target yet."""

    source: Node
    kind: EdgeKind = "normal"
    test: Test | None = None
    truth: bool | None = None


class Frame:
    """A block that flow can leave in other ways than at its end, while its inside is being built.

    ``stops`` are the ways out that something must happen on, ``waiting`` the edges that have taken them.
    """

    __slots__ = ("copies", "expects_cancel", "harmless", "outer", "stops", "waiting")

    def __init__(self, outer: Frame | None, stops: Iterable[Way]) -> None:
        self.outer = outer
        self.stops = frozenset(stops)
        self.waiting: dict[Way, list[End]] = {}
        self.copies: dict[tuple[ast.AST, Way], Node] = {}
        """Where the `finally` of a `try` directly in here begins, by the way on which it runs."""
        self.harmless: list[Node] = []
        """Events that are not taken to raise, but would have raised in here."""
        self.expects_cancel = False
        """Whether it has been written with a cancellation in mind."""


class Caught(NamedTuple):
    """What a bare ``raise`` would raise again: the ways on which it may have come, and the name it is bound to.

    ``outer`` is what was caught around that, which can still be raised by its name.
    """

    ways: tuple[Unwinding, ...] = ()
    name: str | None = None
    outer: Caught | None = None


StatementBuilder = Callable[["Builder", Any], Steps | None]
ConditionBuilder = Callable[["Builder", ast.expr, list[End], list[End]], Steps]


class Language(NamedTuple):
    """How each kind of syntax is built; what a table does not have is a statement or expression without events."""

    statements: Mapping[type[ast.stmt], StatementBuilder]
    expressions: Mapping[type[ast.expr], StatementBuilder]
    generic: StatementBuilder
    condition: ConditionBuilder
    eventful: Callable[[ast.expr, Set[ast.AST]], set[ast.AST]]


class Builder:
    """One graph under construction."""

    def __init__(
        self,
        function: ast.AST,
        language: Language,
        *,
        raises: Callable[[ast.expr | ast.Import | ast.ImportFrom], bool] | None,
        never_returns: Callable[[ast.Call | ast.Import | ast.ImportFrom], bool] | None,
        suppresses: Callable[[ast.withitem, bool], bool | tuple[ast.expr, ...]] | None,
        reads: Set[ast.AST],
        max_nodes: int,
    ) -> None:
        self.function = function
        self.language = language
        self.raises = raises
        self.never_returns = never_returns
        self.suppresses = suppresses
        self.reads = reads
        self.max_nodes = max_nodes
        self.nodes: list[Node] = []
        self.entry = Node("entry", function)
        self.ends = [End(self.entry)]
        self.frame = Frame(None, WAYS_OUT)
        self.caught = Caught()
        self.way: Way = "normal"
        self.classes = 0
        self.comprehensions = 0
        self._scanned: set[ast.AST] = set()
        self._eventful: set[ast.AST] = set()

    # Driving.

    def run(self, steps: Steps | None) -> None:
        """Build a part and all that it asks for."""
        stack = [steps] if steps is not None else []
        while stack:
            part = next(stack[-1], False)
            if isinstance(part, bool):
                stack.pop()
            elif part is not None:
                stack.append(part)

    def block(self, statements: list[ast.stmt]) -> Steps:
        """The statements of a block, up to the first after which nothing is reached."""
        table = self.language.statements
        for statement in statements:
            if not self.ends:
                break
            build = table.get(type(statement))
            if build is None:
                self.emit("statement", statement)
            else:
                part = build(self, statement)
                if part is not None:
                    yield part

    def evaluate(self, expression: ast.expr | None) -> Steps | None:
        """The events of an expression, in order of evaluation; None where it has none."""
        if expression is None or isinstance(expression, (ast.Name, ast.Constant)) or not self.has_events(expression):
            return None
        return self.language.expressions.get(type(expression), self.language.generic)(self, expression)

    def condition(self, expression: ast.expr, true: list[End], false: list[End]) -> Steps:
        """A test whose outcomes are told apart: its ends are added to ``true`` and ``false``, none stay open."""
        return self.language.condition(self, expression, true, false)

    def has_events(self, expression: ast.expr) -> bool:
        """Whether evaluating ``expression`` is more than reading and computing. Scans it once, whole."""
        if expression in self._eventful:
            return True
        if expression not in self._scanned:
            self._scanned.add(expression)
            self._eventful |= self.language.eventful(expression, self.reads)
        return expression in self._eventful

    # Adding.

    def emit(
        self,
        kind: NodeKind,
        node: ast.AST,
        *,
        value: ast.expr | None = None,
        how: How = "",
        raising: bool = False,
        cancels: bool = False,
        is_async: bool = False,
        way: Way | None = None,
        inner: bool | None = None,
    ) -> Node:
        """Add an event that takes all open ends and leaves one; ``raising`` and ``cancels`` add edges that unwind."""
        if inner is None:
            inner = self.classes > 0 or self.comprehensions > 0
        event = Node(kind, node, value=value, how=how, way=way or self.way, is_async=is_async, inner=inner)
        self.nodes.append(event)
        if len(self.nodes) > self.max_nodes:
            raise TooComplex(self.function, self.max_nodes)
        connect(self.ends, event)
        self.ends = [End(event)]
        if raising:
            self.leave("exception", [End(event, "exception")])
        else:
            self._stopping("exception").harmless.append(event)
        if cancels:
            self.leave("cancel", [End(event, "cancel")])
        return event

    def may_raise(self, node: ast.expr | ast.Import | ast.ImportFrom) -> bool:
        """Whether the caller of :func:`build` takes it that an expression or an import may raise."""
        return self.raises is None or self.raises(node)

    # Leaving.

    def push(self, stops: Iterable[Way]) -> Frame:
        """Open a frame; it is closed by setting :attr:`frame` to its ``outer``."""
        self.frame = Frame(self.frame, stops)
        return self.frame

    def pop(self) -> Frame:
        """Close the innermost frame."""
        assert self.frame.outer is not None, "the function's own frame is never closed"
        self.frame = self.frame.outer
        return self.frame

    def leave(self, way: Way, ends: list[End]) -> None:
        """Let ``ends`` leave by ``way``, up to the first frame that stops it."""
        self._stopping(way).waiting.setdefault(way, []).extend(ends)

    def _stopping(self, way: Way) -> Frame:
        frame = self.frame
        while way not in frame.stops and frame.outer is not None:
            frame = frame.outer
        return frame

    def is_cancel_expected(self) -> bool:
        """Whether a handler around here is there for cancellations."""
        frame: Frame | None = self.frame
        while frame is not None and not frame.expects_cancel:
            frame = frame.outer
        return frame is not None

    def finish(self) -> Graph:
        """The graph, once all is built: its exits connected, and without what nothing reaches."""
        self.leave("return", self.ends)
        exits: dict[NodeKind, Node] = {}
        for way, kind in EXITS.items():
            exits[kind] = Node(kind, self.function)
            connect(self.frame.waiting.get(way, ()), exits[kind])
        order = reverse_postorder(self.entry)
        reached = set(order)
        kept = [node for node in (self.entry, *self.nodes) if node in reached]
        kept += exits.values()
        if len(kept) <= len(self.nodes) + len(exits):
            for node in kept:
                node.predecessors = [edge for edge in node.predecessors if edge.source in reached]
        return Graph(self.function, kept, order, exits)


def connect(ends: Iterable[End], target: Node) -> None:
    """Give ``ends`` their target. An edge that is there already, as when a with-item's exit raises, is not doubled."""
    for source, kind, test, truth in ends:
        for known in source.successors:
            if known.target is target and known.kind == kind and known.truth is truth:
                break
        else:
            edge = Edge(source, target, kind, test, truth)
            source.successors.append(edge)
            target.predecessors.append(edge)


def loop_back(ends: Iterable[End], head: Node) -> None:
    """Lead ``ends`` back to the head of a loop; those that tell a test's outcome keep their kind."""
    connect([End(end.source, "loop-back") if end.kind == "normal" else end for end in ends], head)
