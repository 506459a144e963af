"""How a function of the project leaves what it is passed to release: on which ways out it is still held."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import starts_as
from poolint.analyses.lifetimes.state import NOTHING_LEFT, Config, Left
from poolint.analyses.lifetimes.transfer import Moves
from poolint.analyses.lifetimes.typestate import follow
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags
from poolint.flow.solver import completed
from poolint.flow.summaries import Summaries

if TYPE_CHECKING:
    from poolint.analyses.effects import Effects
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.ownership import Ownership, Passed
    from poolint.flow.cfg import Edge
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Callees:
    """Answers for one project: a problem of summaries, over what functions are passed.

    A way that depends on what the caller knows, such as a flag that is passed beside the resource, leaves nothing:
    whether it is taken is not known here.
    """

    def __init__(
        self, ev: Evaluator, ownership: Ownership, graphs: Graphs, foreign: Effects, components: Components
    ) -> None:
        self.ev = ev
        self.ownership = ownership
        self.graphs = graphs
        self.foreign = foreign
        self._left: Summaries[Passed, Left] = Summaries(
            "left", self._compute, bottom=NOTHING_LEFT, join=_either, components=components
        )

    def left(self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, keyword: str | None = None) -> Left:
        """How a call leaves what it is passed and releases; nothing where more than one function may be called."""
        passed = self.ownership.passed(call, argument, scope, cls, keyword)
        return NOTHING_LEFT if passed is None else self._left.of(passed)

    def _compute(self, key: Passed) -> Left:
        scope = self.ev.project.scope(key.function)
        node = scope.node
        if scope.is_generator or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.decorator_list:
            return NOTHING_LEFT
        cls = self.ev.models.classes[key.cls]
        try:
            graph = self.graphs.of(scope)
            flags = Flags(scope, graph)
            moves = Moves(self.ev, self.ownership, self.foreign, self, scope, cls, flags.names)
            held = Config("held" if starts_as(cls) == "idle" else "open", frozenset([key.parameter]))
            outcome = follow(graph, moves, [(edge, held) for edge in completed([graph.entry])])
        except TooComplex:
            return NOTHING_LEFT
        own = frozenset(name for name, bindings in scope.bindings.items() if bindings[0].kind == "parameter")
        ways = {kind: way for kind, way in outcome.leaks.items() if not _depends_on(own - {key.parameter}, way)}
        return Left("exit-normal" in ways, "exit-exception" in ways, "exit-cancel" in ways)


def _depends_on(names: frozenset[str], way: list[Edge]) -> bool:
    """Whether a way takes a branch by what one of some names is."""
    tests = (edge.test for edge in way if edge.test is not None)
    return any(isinstance(one, ast.Name) and one.id in names for test in tests for one in ast.walk(test))


def _either(one: Left, other: Left) -> Left:
    return Left(one.normal or other.normal, one.exception or other.exception, one.cancel or other.cancel)
