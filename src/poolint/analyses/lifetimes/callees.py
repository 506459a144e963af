"""How functions of the project leave what they are passed to release, and what they check out for their callers.

Of the first: on which ways out it is still held. Of the second: whether a session that is lazy holds a connection already.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.acquisitions import OWED, starts_as
from poolint.analyses.lifetimes.state import NOTHING_LEFT, Config, Left, Taker
from poolint.analyses.lifetimes.transfer import Moves
from poolint.analyses.lifetimes.typestate import Trace, begun, follow, there_are_owners
from poolint.analyses.ownership import Passed
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags
from poolint.flow.solver import completed
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import without_await
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.analyses.effects import Effects
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.lifetimes.acquisitions import Acquisitions, Site, State
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class _Given(NamedTuple):
    """What a function is passed; ``idle`` where it is a session that holds nothing yet, ``part`` the attribute of the object that
    it is passed in place of what that has taken."""

    passed: Passed
    idle: bool
    part: str = ""


class Callees:
    """Answers for one project: problems of summaries, over what functions are passed and over functions.

    A way that depends on what the caller knows, such as a flag that is passed beside the resource, leaves nothing, but
    says what is asked: whether it is taken is not known here.
    """

    def __init__(
        self,
        ev: Evaluator,
        acquisitions: Acquisitions,
        ownership: Ownership,
        graphs: Graphs,
        foreign: Effects,
        components: Components,
    ) -> None:
        self.ev = ev
        self.acquisitions = acquisitions
        self.ownership = ownership
        self.graphs = graphs
        self.foreign = foreign
        self.carried = ownership.carried
        self._asking = {name.rpartition(".")[0] for name in ev.models.manners["asks-if-begun"]}
        """Classes of connections that know whether anything was done with them."""
        self._left: Summaries[_Given, Left] = Summaries(
            "left", self._compute, bottom=Left(frees_raising=True), join=_either, components=components
        )
        self._held: Summaries[ScopeKey, bool] = Summaries(
            "hands-on-held", self._hands_held, bottom=False, join=or_, components=components
        )

    def left(
        self,
        call: ast.Call,
        argument: ast.AST,
        scope: Scope,
        cls: Class,
        keyword: str | None = None,
        *,
        idle: bool = False,
    ) -> Left:
        """How a call leaves what it is passed and releases; nothing where more than one function may be called.

        ``idle``: it is a session that holds nothing yet.
        """
        passed = self.ownership.passed(call, argument, scope, cls, keyword)
        return NOTHING_LEFT if passed is None else self.left_of(passed, idle)

    def left_of(self, passed: Passed, idle: bool, part: str = "") -> Left:
        """How a function leaves what it is passed, or what the object that it is passed has as its ``part``."""
        return self._left.of(_Given(passed, idle, part))

    def start(self, site: Site, scope: Scope) -> State:
        """The state in which an obligation begins: what a function of the project has made may be in use already."""
        if not site.helper:
            return "fresh" if site.start == "open" and site.cls.name in self._asking else site.start
        return "held" if site.start == "idle" and self._gives_held(site.call, scope) else site.start

    def _gives_held(self, call: ast.Call, scope: Scope) -> bool:
        made = self.ev.type_of(call.func, scope)
        return isinstance(made, Function) and self._held.of(made.scope.key)

    def _hands_held(self, key: ScopeKey) -> bool:
        """Whether a function returns a session that holds a connection by then, on some way."""
        scope = self.ev.project.scope(key)
        for site in self.acquisitions.of(scope):
            if site.start != "idle" or not site.name:
                continue
            trace = Trace()
            try:
                graph = self.graphs.of(scope)
                flags = Flags(scope, graph)
                moves = Moves(self.ev, self.ownership, self.foreign, self, scope, site.cls, flags, site)
                owners = there_are_owners(self.ev, flags, site.names, site.call)
                starts = begun(graph, site, self.start(site, scope), flags.before, owners)
                follow(graph, moves, starts, site.bound, trace)
            except TooComplex:
                continue
            if any(end.why == "returned" and config.state in OWED for (_, config), _, end in trace.ends):
                return True
        values = [without_await(one) for one in scope.returns]
        return any(isinstance(one, ast.Call) and self._gives_held(one, scope) for one in values)

    def _compute(self, given: _Given) -> Left:
        key = given.passed
        scope = self.ev.project.scope(key.function)
        node = scope.node
        if scope.is_generator or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.decorator_list:
            return NOTHING_LEFT
        cls = self.ev.models.classes[key.cls]
        try:
            graph = self.graphs.of(scope)
            flags = Flags(scope, graph)
            taker = Taker(key.parameter, given.part) if given.part else None
            moves = Moves(self.ev, self.ownership, self.foreign, self, scope, cls, flags, taker=taker)
            state = starts_as(cls)
            state = "held" if state == "idle" and not given.idle else state
            names = taker.names if taker is not None else frozenset([key.parameter])
            config = Config(state, names, there_are_owners(self.ev, flags, names))
            outcome = follow(graph, moves, [(edge, config) for edge in completed([graph.entry])])
        except TooComplex:
            return NOTHING_LEFT
        own = frozenset(name for name, bindings in scope.bindings.items() if bindings[0].kind == "parameter")
        asks = {kind: _asked(own - {key.parameter}, way) for kind, way in outcome.leaks.items()}
        kinds = [kind for kind, asked in asks.items() if not asked]
        normal = asks.get("exit-normal", frozenset())
        held = ("exit-normal" in kinds, "exit-exception" in kinds, "exit-cancel" in kinds)
        return Left(*held, normal, frees_raising="exit-exception" not in outcome.leaks)


def _asked(names: frozenset[str], way: list[Edge]) -> frozenset[str]:
    """Those of some names by which a way takes a branch."""
    tests = (edge.test for edge in way if edge.test is not None)
    found = (one.id for test in tests for one in ast.walk(test) if isinstance(one, ast.Name))
    return names.intersection(found)


def _either(one: Left, other: Left) -> Left:
    return Left(
        one.normal or other.normal,
        one.exception or other.exception,
        one.cancel or other.cancel,
        one.asks | other.asks,
        one.frees_raising and other.frees_raising,
    )
