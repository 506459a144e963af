"""The services of one project: its engines, each made when it is first asked for, from which detectors take what they need."""

from __future__ import annotations

import ast
from functools import cached_property, partial
from typing import TYPE_CHECKING

from poolint.analyses.effects import Edges, Effects
from poolint.analyses.flushes import takes
from poolint.analyses.graphs import Graphs
from poolint.analyses.holding.dataflow import Holdings
from poolint.analyses.holding.transfer import Reader
from poolint.analyses.lifetimes.acquisitions import Acquisitions
from poolint.analyses.ownership import Ownership
from poolint.analyses.session_use import Using
from poolint.analyses.sinks import (
    AFTER_FAILURE,
    blocking_sink,
    checkout_sink,
    database_sink,
    dispose_sink,
    end_sink,
    foreign_sink,
    opening_sink,
    sleep_sink,
    slow_below_sink,
    slow_sink,
    sync_checkout_sink,
    sync_connection_sink,
    sync_session_sink,
    use_sink,
)
from poolint.analyses.thread_use import Threading
from poolint.flow.summaries import Components
from poolint.models.schema import Function
from poolint.syntax.expressions import argument_for
from poolint.types.call_sites import call_site
from poolint.types.evaluator import Evaluator
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from poolint.analyses.application_pools import Applications
    from poolint.analyses.coverage import Coverage
    from poolint.analyses.pools import Pools
    from poolint.analyses.requested import Requested
    from poolint.analyses.unreached import Unreached
    from poolint.configuration.deployed import Deployed
    from poolint.configuration.engines import Engines
    from poolint.deployment.declared import Declared
    from poolint.detect.checkouts import Lifetimes
    from poolint.detect.spending import Spending
    from poolint.models.loader import Models
    from poolint.screen import Screen
    from poolint.syntax.living import Living
    from poolint.syntax.project import Module, Project
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite

    T = TypeVar("T")


class Services:
    """What is known of one project, and how to find out more.

    ``declared`` is what the project's settings, which stand in the folder ``root``, say of its deployment.
    """

    def __init__(
        self, project: Project, models: Models, screen: Screen, declared: Declared | None = None, root: str = ""
    ) -> None:
        self._declared = declared
        self._root = root
        self._kept: dict[type, object] = {}
        self.evaluator: Evaluator = Evaluator(project, models, screen)
        self.vocabulary = self.evaluator.vocabulary
        self.acquisitions = Acquisitions(self.evaluator)
        self.components = Components()
        """What all summaries of functions are found by."""
        self.ownership = Ownership(self.evaluator, self.components)
        self.graphs: Graphs = Graphs(self.evaluator, self.components)
        self.edges = edges = Edges(self.evaluator, self.components, self.graphs)
        self.slow = _slow(edges, self._is_outside)
        self.sync_sessions = Effects(edges, sync_session_sink)
        self.sync_connections = Effects(edges, sync_connection_sink)
        self.sync_checkouts = Effects(edges, sync_checkout_sink)
        self.database = Effects(edges, database_sink(models))
        self.foreign = Effects(edges, foreign_sink, recovers=True)
        self.using = Using(self.evaluator, Effects(edges, use_sink, partial(takes, self.evaluator)), self.components)
        self.at_once = Using(self.evaluator, self.using.uses, self.components, at_once=True)
        """What several tasks or threads may use of a session at the same time."""
        self.threading = Threading(self.evaluator, self.at_once, self.components)
        reader = Reader(
            self.evaluator, self.acquisitions, self.ownership, self.using, Effects(edges, end_sink, of_some=True)
        )
        self.holdings: Holdings = Holdings(reader, self.graphs, self.components)

    def inherit(self, other: Services, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self.evaluator.inherit(other.evaluator, living)
        self.edges.inherit(other.edges, living)
        self.graphs.inherit(other.graphs, living)
        self.holdings.inherit(other.holdings, living)
        for name, found in vars(other).items():
            if isinstance(found, Effects):
                getattr(self, name).inherit(found, living)

    @cached_property
    def engines(self) -> Engines:
        """The engines and pools of the project; loaded when a module may make one."""
        from poolint.configuration.engines import Engines

        return Engines(self.evaluator)

    def _is_outside(self, fact: CallSite, scope: Scope) -> bool:
        """Whether what a call waits for is outside the process for certain."""
        row = fact.row if isinstance(fact.row, Function) else None
        if row is None or not row.local_schemes:
            return fact.cls is None or not fact.cls.may_be_local
        address = argument_for(fact.node, row.given_by, 0)
        known = self.engines.folder.fold(address, scope).known if address is not None else ()
        return bool(known) and all(_is_remote(one.value, row.local_schemes) for one in known)

    @cached_property
    def pools(self) -> Pools:
        """Which pool a checkout is from."""
        from poolint.analyses.pools import Pools

        return Pools(self.evaluator)

    @cached_property
    def applications(self) -> Applications:
        """Which of them live as long as the application."""
        from poolint.analyses.application_pools import Applications

        return Applications(self.evaluator, self.pools)

    @cached_property
    def possibly_slow(self) -> Effects:
        """What may keep its caller waiting, as far as somebody looks like a client or one of several does."""
        from poolint.analyses.possible import PossibleEdges

        edges = PossibleEdges(self.evaluator, self.components)
        return _slow(edges, of_some=True)

    @cached_property
    def slow_at_first(self) -> Effects:
        """What keeps its caller waiting where nothing has failed before."""
        return _slow(self.edges, self._is_outside, failing=False)

    @cached_property
    def blocking(self) -> Effects:
        """What stops the event loop of the coroutine that comes to it: it waits for something outside, in no other thread."""
        return Effects(self.edges, blocking_sink, self._is_outside)

    @cached_property
    def taking(self) -> Effects:
        """What takes a connection from whatever pool."""
        return Effects(self.edges, checkout_sink)

    @cached_property
    def taking_at_first(self) -> Effects:
        """The same, where nothing has failed before."""
        return Effects(self.edges, checkout_sink, failing=False)

    @cached_property
    def writing(self) -> Effects:
        """What is seen to write to a database, or to lock something there, where nothing has failed before."""
        from poolint.analyses.seen_writes import is_seen, writing_sink

        return Effects(self.edges, writing_sink, partial(is_seen, self.evaluator), failing=False)

    @cached_property
    def asking(self) -> Effects:
        """What reaches a database, if only to read there."""
        from poolint.analyses.seen_writes import writing_sink

        return Effects(self.edges, writing_sink)

    @cached_property
    def changing(self) -> Effects:
        """What is seen to write to a database or to lock something there itself: a commit alone only ends what others do."""
        from poolint.analyses.seen_writes import is_change, writing_sink

        return Effects(self.edges, writing_sink, partial(is_change, self.evaluator))

    @cached_property
    def possibly_changing(self) -> Effects:
        """What may write to a database: all that reaches one and is not seen to read there only."""
        from poolint.analyses.seen_writes import may_change, writing_sink

        return Effects(self.edges, writing_sink, partial(may_change, self.evaluator))

    @cached_property
    def opening(self) -> Effects:
        """The same, and what makes a session on an engine by its class."""
        return Effects(self.edges, opening_sink)

    @cached_property
    def disposing(self) -> Effects:
        """What disposes of an engine."""
        return Effects(self.edges, dispose_sink)

    @cached_property
    def lifetimes(self) -> Lifetimes:
        """What becomes of checkouts."""
        from poolint.detect.checkouts import Lifetimes

        known = (self.evaluator, self.acquisitions, self.ownership, self.graphs, self.foreign, self.components)
        return Lifetimes(*known, lambda path: self.deployed.is_run_here(path), self.is_repeated)

    def is_repeated(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a place in a function is seen to be come to again and again, also for each request that leads there."""
        from poolint.analyses.repetition import is_repeated

        return is_repeated(self.evaluator, node, scope) or (
            scope.kind == "function" and self.requested.is_asked_for(scope)
        )

    @cached_property
    def spending(self) -> Spending:
        """What the services of the project may take of their servers."""
        from poolint.detect.spending import Spending

        return Spending(self.evaluator, lambda: self.engines, lambda: self.deployed, self._declared, self._root)

    @cached_property
    def unreached(self) -> Unreached:
        """What nobody runs, asked where there is something to tell about it."""
        from poolint.analyses.unreached import Unreached

        return Unreached(self.evaluator, self.deployed)

    @cached_property
    def requested(self) -> Requested:
        """What requests and tasks lead to, but for those that nobody sends."""
        from poolint.analyses.requested import Requested

        return Requested(self.evaluator, lambda scope: self.unreached.why(scope) is not None)

    @cached_property
    def deployed(self) -> Deployed:
        """How the project is deployed, asked where there is something to tell about it."""
        from poolint.configuration.deployed import Deployed

        return Deployed(self.evaluator.project, lambda: self.spending.fleet)

    @cached_property
    def coverage(self) -> Coverage:
        """What is seen of functions that reach a database, and what is not."""
        from poolint.analyses.coverage import Coverage

        return Coverage(self.evaluator, self.edges, self.holdings)

    def kept(self, kind: type[T], make: Callable[[], T]) -> T:
        """What is derived from these services by others, and lives as long as they do: made when it is first asked for."""
        found = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = make()
        assert isinstance(found, kind)
        return found

    def calls(self, module: Module, names: frozenset[str], roles: frozenset[str]) -> Iterator[tuple[Scope, CallSite]]:
        """The calls in a module that rules subscribe to by qualified name or by role."""
        last_names = {name.rpartition(".")[2] for name in names}
        for scope in module.scope.descendants():
            for node in scope.calls:
                if not roles and last_name(node.func) not in last_names and isinstance(node.func, ast.Attribute):
                    continue
                fact = self.call(node, scope)
                if fact is not None and (fact.name in names or (fact.role and fact.role in roles)):
                    yield scope, fact

    def call(self, node: ast.Call, scope: Scope) -> CallSite | None:
        """The fact about one call."""
        return call_site(self.evaluator, node, scope)


def _is_remote(address: object, local: tuple[str, ...]) -> bool:
    """Whether an address, or what is known of its beginning, is one of another machine: ``s3://shop/orders``."""
    scheme, separator, _ = str(address).partition("://")
    return bool(separator) and scheme not in local


def _slow(
    edges: Edges,
    where: Callable[[CallSite, Scope], bool] | None = None,
    *,
    of_some: bool = False,
    failing: bool = True,
) -> Effects:
    """What keeps its caller waiting, along these edges."""
    return Effects(
        edges,
        slow_sink,
        where,
        below=slow_below_sink,
        recovering=sleep_sink,
        of_some=of_some,
        threads=True,
        at_last=("retry", "chat", "pace"),
        failing=failing,
        after_failure=AFTER_FAILURE,
    )
