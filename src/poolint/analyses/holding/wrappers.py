"""What decorators and managers of the project do with the sessions of registries once the function has returned that they
wrap, or the block has been left: ``@transactional`` commits what the function has written."""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left, on_some_way, ways_left
from poolint.flow.cfg import TooComplex
from poolint.types.decorated import wrapped

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

    from poolint.analyses.assumed import Values
    from poolint.analyses.holding.changes import Changes
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
        self._ended: dict[tuple[Scope, bool], dict[Registry, Left]] = {}

    def ended_around(self, function: Scope) -> dict[Registry, Left]:
        """The registries whose sessions a wrapper ends after it has run a function, however that leaves them."""
        is_wrapped = bool(getattr(function.node, "decorator_list", None))
        return self._kept((function, True), partial(self._ended_by_wrappers, function)) if is_wrapped else {}

    def ended_after(self, generator: Scope) -> dict[Registry, Left]:
        """The registries whose sessions the end of a block ends that a generator of the project makes, once it has yielded."""
        return self._kept((generator, False), partial(self._ended_since, generator, generator.yields))

    def left(
        self,
        scope: Scope,
        changes: Changes,
        names: dict[Registry, set[str]],
        fixed: Values | None = None,
        since: Sequence[ast.AST] | None = None,
    ) -> dict[Registry, Left]:
        """How a function leaves the sessions of registries, from its beginning or from behind some places: of those that these
        ``names`` stand for, and of those that its ``changes`` concern."""
        tables = (changes.calls, changes.rounds)  # a loop over a query runs it without a call
        for name in {one.resource for table in tables for several in table.values() for one in several}:
            registry = self._at(name, scope)
            if registry is not None:
                names.setdefault(registry, set()).add(name)
        if not names:
            return {}
        try:
            graph = self._holdings.graph(scope)
        except TooComplex:
            return {}
        begun = [event for one in since for event in graph.nodes_of(one)] if since is not None else None
        return {
            registry: reduce(on_some_way, ways_left(graph, changes, places, scope, fixed or {}, begun), Left.NEVER)
            for registry, places in names.items()
        }

    def _kept(self, key: tuple[Scope, bool], find: Callable[[], dict[Registry, Left]]) -> dict[Registry, Left]:
        found = self._ended.get(key)
        if found is None:
            components = self._holdings.components
            provisional = components.provisional
            found = find()
            if components.provisional == provisional:  # nothing in it will be known better
                self._ended[key] = found
        return found

    def _ended_by_wrappers(self, function: Scope) -> dict[Registry, Left]:
        found: dict[Registry, Left] = {}
        for _, call, wrapper in wrapped(self._ev, function):
            found |= self._ended_since(wrapper, [call])
        return found

    def _ended_since(self, function: Scope, nodes: Sequence[ast.AST]) -> dict[Registry, Left]:
        """The registries whose sessions a function ends behind some places, on every way to its end."""
        found = self.left(function, self._holdings.own_changes(function), {}, since=nodes)
        return {registry: left for registry, left in found.items() if left in (Left.ENDED, Left.RENEWED)}
