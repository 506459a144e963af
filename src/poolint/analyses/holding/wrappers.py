"""What decorators of the project do with the sessions of registries once the function has returned that they wrap:
``@transactional`` commits what the function has written."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left, on_some_way, ways_left
from poolint.flow.cfg import TooComplex
from poolint.types.decorated import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.holding.entities import Registry
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Wrappers:
    """Answers for the functions of one project; ``at`` says which registry is at a place of a function."""

    def __init__(self, ev: Evaluator, holdings: Holdings, at: Callable[[str, Scope], Registry | None]) -> None:
        self._ev = ev
        self._holdings = holdings
        self._at = at
        self._ended: dict[Scope, dict[Registry, Left]] = {}

    def ended_around(self, function: Scope) -> dict[Registry, Left]:
        """The registries whose sessions a wrapper ends after it has run a function, however that leaves them."""
        found = self._ended.get(function)
        if found is None:
            components = self._holdings.components
            provisional = components.provisional
            found = self._find(function) if getattr(function.node, "decorator_list", None) else {}
            if components.provisional == provisional:  # nothing in it will be known better
                self._ended[function] = found
        return found

    def _find(self, function: Scope) -> dict[Registry, Left]:
        found: dict[Registry, Left] = {}
        for _, call, wrapper in wrapped(self._ev, function):
            changes = self._holdings.own_changes(wrapper)
            names: dict[Registry, set[str]] = {}
            for name in {one.resource for several in changes.calls.values() for one in several}:
                registry = self._at(name, wrapper)
                if registry is not None:
                    names.setdefault(registry, set()).add(name)
            if not names:
                continue
            try:
                graph = self._holdings.graph(wrapper)
            except TooComplex:
                continue
            since = [*graph.nodes_of(call)]
            for registry, places in names.items():
                left = reduce(on_some_way, ways_left(graph, changes, places, wrapper, {}, since), Left.NEVER)
                if left in (Left.ENDED, Left.RENEWED):
                    found[registry] = left
        return found
