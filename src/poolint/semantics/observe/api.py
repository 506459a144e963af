"""Observations about the interfaces of libraries, in one module of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.semantics.effects import Effects, loop_sink
from poolint.semantics.observe import inside_pools, listeners, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.semantics.effects import Edges
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.facts import Observation
    from poolint.semantics.project import Module
    from poolint.semantics.scopes import Scope


class Interfaces:
    """Observes how a module deals with its libraries; remembers which functions run an event loop."""

    def __init__(self, ev: Evaluator, edges: Edges) -> None:
        self.ev = ev
        self.loops = Effects(edges, loop_sink)

    def observe(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """What is observed, with the scope that it stands in."""
        yield from names.observe(self.ev, module)
        for scope in module.scope.descendants():
            for observation in listeners.observe(self.ev, scope):
                yield scope, observation
            yield from inside_pools.observe(self.ev, self.loops, scope)
