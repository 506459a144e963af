"""Observations about the interfaces of libraries, in one module of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.effects import Effects
from poolint.detect import factories, inside_pools, listeners, names, retries
from poolint.detect.children import Children
from poolint.detect.handlers import Handlers
from poolint.detect.per_call import Owners
from poolint.detect.startups import Startups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Edges
    from poolint.detect.observation import Observation
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallFact
    from poolint.types.evaluator import Evaluator


class Interfaces:
    """Observes how a module deals with its libraries; remembers which functions run an event loop."""

    def __init__(self, ev: Evaluator, edges: Edges) -> None:
        self.ev = ev
        self.edges = edges
        self.makers = factories.makers(ev.models)
        self.owners = Owners(ev, self.makers)
        self.loops = Effects(edges, _runs_loop)
        self.handlers = Handlers(ev, edges)
        self.children = Children(ev, edges)
        self.startups = Startups(ev, edges)

    def observe(self, module: Module, *, asks_for_more: bool) -> Iterator[tuple[Scope, Observation]]:
        """What is observed, with the scope that it stands in; ``asks_for_more``: also for rules that are off by default."""
        yield from names.observe(self.ev, module)
        yield from self.children.observe(module)
        if asks_for_more:
            yield from self.startups.observe(module)
        words = module.source.data
        listens = b"listen" in words
        may_be_inside = listens or b"creator" in words or b"Pool" in words
        for scope in module.scope.descendants():
            if listens:
                for observation in listeners.observe(self.ev, scope):
                    yield scope, observation
            if may_be_inside:
                yield from inside_pools.observe(self.ev, self.loops, scope)
            for observation in factories.observe(self.ev, self.makers, scope):
                yield scope, observation
            for observation in self.owners.observe(scope):
                yield scope, observation
            if scope.handlers:
                for observation in self.handlers.observe(scope):
                    yield scope, observation
                for observation in retries.observe(self.ev, self.edges, scope) if asks_for_more else ():
                    yield scope, observation


def _runs_loop(fact: CallFact) -> str:
    return "loop" if fact.role == "drive" else ""
