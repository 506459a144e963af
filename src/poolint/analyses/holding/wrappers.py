"""What decorators and managers of the project do with the sessions of registries once the function has returned that they
wrap, or the block has been left: ``@transactional`` commits what the function has written."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left, on_some_way, ways_left
from poolint.flow.cfg import TooComplex
from poolint.types.decorated import wrapped

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

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

    def ended_after(self, generator: Scope) -> dict[Registry, Left]:
        """The registries whose sessions the end of a block ends that a generator of the project makes, once it has yielded."""
        return self._ended_since(generator, generator.yields)

    def _find(self, function: Scope) -> dict[Registry, Left]:
        found: dict[Registry, Left] = {}
        for _, call, wrapper in wrapped(self._ev, function):
            found |= self._ended_since(wrapper, [call])
        return found

    def _ended_since(self, function: Scope, nodes: Sequence[ast.AST]) -> dict[Registry, Left]:
        """The registries whose sessions a function ends behind some places, on every way to its end."""
        changes = self._holdings.own_changes(function)
        names: dict[Registry, set[str]] = {}
        for name in {one.resource for several in changes.calls.values() for one in several}:
            registry = self._at(name, function)
            if registry is not None:
                names.setdefault(registry, set()).add(name)
        if not names:
            return {}
        try:
            graph = self._holdings.graph(function)
        except TooComplex:
            return {}
        since = [event for one in nodes for event in graph.nodes_of(one)]
        found = {
            registry: reduce(on_some_way, ways_left(graph, changes, places, function, {}, since), Left.NEVER)
            for registry, places in names.items()
        }
        return {registry: left for registry, left in found.items() if left in (Left.ENDED, Left.RENEWED)}
