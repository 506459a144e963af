"""The names of what a module and those that it imports define: cheap first questions about what a call can mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from poolint.screen.names import Names
    from poolint.syntax.module import Module
    from poolint.types.evaluator import Evaluator

    Known = dict[Module, Set[str]]


class Definitions:
    """Answers for the modules of one project, each asked for once: there are many calls."""

    def __init__(self, ev: Evaluator) -> None:
        self._screen = ev.screen
        self._of: Known = {}
        self._coroutines: Known = {}
        self._properties: Known = {}

    def of(self, module: Module) -> Set[str]:
        """The names of functions and classes, and maybe more."""
        found = self._of.get(module)
        return found if found is not None else self._told(self._of, module, lambda names: names.definitions())

    def coroutines(self, module: Module) -> Set[str]:
        """The names of ``async def``\\ s, and maybe more."""
        found = self._coroutines.get(module)
        return found if found is not None else self._told(self._coroutines, module, lambda names: names.coroutines())

    def properties(self, module: Module) -> Set[str]:
        """The names of properties, and maybe more."""
        found = self._properties.get(module)
        return found if found is not None else self._told(self._properties, module, lambda names: names.properties())

    def _told(self, known: Known, module: Module, tell: Callable[[Names], Set[str]]) -> Set[str]:
        source = module.source
        known[module] = tell(self._screen.names(source.path, source.data))
        return known[module]
