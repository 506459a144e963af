"""The services of one project, and everything that its detectors observe in one module."""

from __future__ import annotations

import ast
from functools import cached_property, partial
from typing import TYPE_CHECKING

from poolint.analyses.effects import Edges, Effects
from poolint.analyses.graphs import Graphs
from poolint.analyses.holding.dataflow import Holdings
from poolint.analyses.holding.transfer import Reader
from poolint.analyses.ownership import Ownership
from poolint.analyses.pools import Pools
from poolint.analyses.session_use import Using
from poolint.analyses.sinks import (
    database_sink,
    end_sink,
    foreign_sink,
    slow_below_sink,
    slow_sink,
    sync_session_sink,
    use_sink,
)
from poolint.analyses.summaries import Components
from poolint.detect import (
    afterwards,
    attributes,
    awaits,
    blocking,
    collector,
    contexts,
    coroutines,
    generators,
    lent,
    maybe,
    outliving,
    owners,
    responding,
    waiting,
    withs,
)
from poolint.detect.api import Interfaces
from poolint.detect.checkouts import Lifetimes
from poolint.detect.fanout import Fans
from poolint.detect.holders import Holders
from poolint.detect.lazy import Lazy
from poolint.detect.loops import Loops
from poolint.detect.nesting import NestedCheckout, Nesting
from poolint.detect.observation import Dismissed, GivenUp
from poolint.detect.ordering import Ordering
from poolint.detect.registries import Registries
from poolint.detect.sharing import Sharing
from poolint.detect.spending import Spending
from poolint.detect.streaming import Streaming
from poolint.detect.threads import Threads
from poolint.detect.waiting import CallWhileHeld
from poolint.flow.cfg import TooComplex
from poolint.screen import ENGINE_OPTIONS
from poolint.syntax.reaching import under_type_checking
from poolint.syntax.scopes import statement_of
from poolint.types.call_sites import call_fact
from poolint.types.evaluator import Evaluator
from poolint.types.vocabulary import Vocabulary, last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias, TypeVar

    from poolint.analyses.coverage import Coverage
    from poolint.configuration.engines import Engines
    from poolint.crashes import Crashes
    from poolint.deployment.declared import Declared
    from poolint.detect.configured import Configuration
    from poolint.detect.observation import Observation
    from poolint.detect.patience import Patience
    from poolint.models.loader import Models
    from poolint.screen import Screen
    from poolint.syntax.project import Module, Project
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallFact

    T = TypeVar("T")
    Detector: TypeAlias = Callable[[Scope], Iterable[Observation]]


FEW = 4
"""Detectors that may crash over one file before the others are asked without being spared what those have left."""

MOST_FUNCTIONS = 1_000
"""Functions of one file that detectors are asked about, in the order of its rows: some 2 ms of processor time each."""


class Analysis:
    """The semantic services of one project, ready to observe its modules.

    ``declared`` is what the project's settings, which stand in the folder ``root``, say of its deployment.
    """

    def __init__(
        self, project: Project, models: Models, screen: Screen, declared: Declared | None = None, root: str = ""
    ) -> None:
        self.is_thorough = False
        """Whether what may be is observed, too."""
        self.asks_for_more = True
        """Whether rules may be selected that are off by default, and what costs much for them alone is observed."""
        self.asks_why = False
        """Whether what detectors have let pass is kept, too."""
        self.evaluator = Evaluator(project, models, screen)
        self.vocabulary = Vocabulary(models)
        self.components = Components()
        """What all summaries of functions are found by."""
        self.ownership = Ownership(self.evaluator, self.components)
        self.edges = edges = Edges(self.evaluator, self.components)
        self.slow = Effects(edges, slow_sink, below=slow_below_sink)
        self.sync_sessions = Effects(edges, sync_session_sink)
        self.database = Effects(edges, database_sink)
        self.foreign = Effects(edges, foreign_sink)
        self.graphs = Graphs(self.evaluator, self.components)
        using = Using(self.evaluator, Effects(edges, use_sink), self.components)
        reader = Reader(self.evaluator, self.vocabulary, self.ownership, using, Effects(edges, end_sink))
        self.holdings = Holdings(reader, self.graphs, self.components)
        self.streaming = Streaming(self.evaluator, self.holdings, using)
        self.sharing = Sharing(self.evaluator, using)
        self.threads = Threads(self.evaluator, using)
        self.fans = Fans(self.evaluator, edges)
        self.loops = Loops(self.evaluator, edges)
        self.lazy = Lazy(self.evaluator)
        self.ordering = Ordering(self.evaluator)
        self.nesting = Nesting(self.evaluator, self.holdings, edges)
        self.lifetimes = Lifetimes(self.evaluator, self.vocabulary, self.ownership, self.graphs, self.foreign)
        self.holders = Holders(self.evaluator, self.vocabulary, self.graphs)
        self.registries = Registries(self.evaluator, self.vocabulary)
        self.interfaces = Interfaces(self.evaluator, edges)
        self._kept: dict[type, object] = {}
        self.spending = Spending(self.evaluator, lambda: self.engines, declared, root)

    @cached_property
    def engines(self) -> Engines:
        """The engines and pools of the project; loaded when a module may make one."""
        from poolint.configuration.engines import Engines

        return Engines(self.evaluator)

    @cached_property
    def configuration(self) -> Configuration:
        """What is observed of them."""
        from poolint.detect.configured import Configuration

        return Configuration(self.engines, Pools(self.evaluator))

    @cached_property
    def patience(self) -> Patience:
        """What is observed of checkouts that wait for ever; only loaded when that may be asked for."""
        from poolint.detect.patience import Patience

        return Patience(self.evaluator)

    def kept(self, kind: type[T], make: Callable[[], T]) -> T:
        """What is derived from these services by others, and lives as long as they do: made when it is first asked for."""
        found = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = make()
        assert isinstance(found, kind)
        return found

    @cached_property
    def coverage(self) -> Coverage:
        """What is seen of functions that reach a database, and what is not."""
        from poolint.analyses.coverage import Coverage

        return Coverage(self.evaluator, self.edges, self.holdings)

    def observations(self, module: Module, crashes: Crashes) -> list[tuple[Scope, Observation]]:
        """What is observed in a module, with the scope in which it stands.

        A detector that crashes is put down and not asked again; nor are those that have crashed before. What all of
        them share may be half known then: after the first ``FEW`` crashes the answer is cut short, to be asked for anew.
        """
        known = len(crashes)
        found: list[tuple[Scope, Observation]] = []
        nothing: list[tuple[Scope, Observation]] = []

        def ask(name: str, find: Callable[[], Iterable[tuple[Scope, Observation]]], scope: Scope) -> None:
            part = f"detector `{name}`"
            if part not in crashes:
                row, function = _start(scope)[0], scope.qualified_name
                found.extend(crashes.guarded(part, lambda: self._reached(find()), nothing, row, function))

        ask("api", lambda: self.interfaces.observe(module, asks_for_more=self.asks_for_more), module.scope)
        ask("configuration", lambda: self._configured(module), module.scope)
        detectors = self._detectors()
        functions = 0
        for scope in sorted(module.scope.descendants(), key=_start):
            functions += isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if functions > MOST_FUNCTIONS:
                found.append((scope, GivenUp(scope.node, scope.qualified_name, False, MOST_FUNCTIONS, "functions")))
                break
            for name, observe in detectors:
                if known < len(crashes) <= FEW:
                    return found
                ask(name, partial(_in, observe, scope), scope)
        return found

    def _reached(self, found: Iterable[tuple[Scope, Observation]]) -> list[tuple[Scope, Observation]]:
        kept: list[tuple[Scope, Observation]] = []
        for scope, one in found:
            if isinstance(one, Dismissed) and not self.asks_why:
                continue
            if self._may_run(one.node, scope):
                kept.append((scope, one))
            elif self.asks_why:
                kept.append((scope, Dismissed(one.node, one.function, False, "unreachable")))
        return kept

    def _detectors(self) -> list[tuple[str, Detector]]:
        """What is asked of each scope, by the name by which a crash is told."""
        ev = self.evaluator
        found: list[tuple[str, Detector]] = [
            ("awaits", lambda scope: awaits.observe(ev, self.vocabulary, scope)),
            ("coroutines", lambda scope: coroutines.observe(ev, self.database, scope)),
            ("withs", lambda scope: withs.observe(ev, scope)),
            ("lifetimes", self.lifetimes.observe),
            ("afterwards", lambda scope: afterwards.observe(ev, self.graphs, scope)),
            ("attributes", lambda scope: attributes.observe(ev, self.graphs, scope)),
            ("owners", lambda scope: owners.observe(ev, scope)),
            ("holders", self.holders.observe),
            ("contexts", lambda scope: contexts.observe(ev, scope)),
            ("lent", lambda scope: lent.observe(ev, self.graphs, scope)),
            ("registries", self.registries.observe),
            ("generators", lambda scope: generators.observe(ev, scope)),
            ("collector", lambda scope: collector.observe(ev, scope)),
            ("blocking", lambda scope: blocking.observe(ev, self.vocabulary, self.sync_sessions, scope)),
            ("waiting", self._while_held),
        ]
        if self.is_thorough:
            found.append(("maybe", lambda scope: maybe.observe(self.holdings, self.slow, scope)))
        found += [
            ("outliving", lambda scope: outliving.observe(ev, self.holdings, scope)),
            ("streaming", self.streaming.observe),
            ("responding", lambda scope: responding.observe(ev, self.holdings, self.slow, scope)),
            ("sharing", self.sharing.observe),
            ("threads", self.threads.observe),
            ("fanout", self.fans.observe),
            ("loops", self.loops.observe),
        ]
        if self.asks_for_more:
            found += [
                ("lazy", self.lazy.observe),
                ("ordering", self.ordering.observe),
                ("patience", lambda scope: self.patience.observe(scope)),  # loaded when it is asked
            ]
        found.append(("spending", self.spending.observe))
        return found

    def _while_held(self, scope: Scope) -> Iterator[Observation]:
        """Second checkouts, and waits, while a connection is held; a pool's own lock is no wait beside the checkout."""
        nested = list(self.nesting.observe(scope))
        taking = {one.node for one in nested if isinstance(one, NestedCheckout)}
        for one in waiting.observe(self.holdings, self.slow, scope):
            is_lock = isinstance(one, CallWhileHeld) and one.effect in ("lock", "wait")
            if is_lock and one.node in taking:
                yield Dismissed(one.node, one.function, False, "checkout-instead")
            else:
                yield one
        yield from nested

    def _configured(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """What is observed of the engines and pools that a module makes."""
        makes = self.spending.makes_any(module) or ENGINE_OPTIONS in module.source.data
        return self.configuration.observe(module) if makes else iter(())

    def _may_run(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a place is reached at all: not under ``TYPE_CHECKING``, and not behind what never returns."""
        if under_type_checking(node):
            return False
        if scope.kind != "function" or node is scope.node:
            return True
        try:
            graph = self.graphs.of(scope)
        except TooComplex:
            return True
        return any(graph.nodes_of(one) for one in ast.walk(statement_of(node)))

    def calls(self, module: Module, names: frozenset[str], roles: frozenset[str]) -> Iterator[tuple[Scope, CallFact]]:
        """The calls in a module that rules subscribe to by qualified name or by role."""
        last_names = {name.rpartition(".")[2] for name in names}
        for scope in module.scope.descendants():
            for node in scope.calls:
                if not roles and last_name(node.func) not in last_names and isinstance(node.func, ast.Attribute):
                    continue
                fact = self.call(node, scope)
                if fact is not None and (fact.name in names or (fact.role and fact.role in roles)):
                    yield scope, fact

    def call(self, node: ast.Call, scope: Scope) -> CallFact | None:
        """The fact about one call."""
        return call_fact(self.evaluator, node, scope)


def _in(observe: Detector, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
    for one in observe(scope):
        yield scope, one


def _start(scope: Scope) -> tuple[int, int]:
    return (getattr(scope.node, "lineno", 0), getattr(scope.node, "col_offset", 0))
