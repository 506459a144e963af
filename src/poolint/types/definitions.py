"""The names of what a module and those that it imports define: cheap first questions about what a call can mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

    from poolint.syntax.module import Module
    from poolint.types.evaluator import Evaluator


class Definitions:
    """Answers for the modules of one project, each asked for once: there are many calls."""

    def __init__(self, ev: Evaluator) -> None:
        self._screen = ev.screen
        self._of: dict[Module, Set[str]] = {}
        self._coroutines: dict[Module, Set[str]] = {}

    def of(self, module: Module) -> Set[str]:
        """The names of functions and classes, and maybe more."""
        found = self._of.get(module)
        if found is None:
            source = module.source
            found = self._of[module] = self._screen.definitions(source.path, source.data)
        return found

    def coroutines(self, module: Module) -> Set[str]:
        """The names of ``async def``\\ s, and maybe more."""
        found = self._coroutines.get(module)
        if found is None:
            source = module.source
            found = self._coroutines[module] = self._screen.coroutines(source.path, source.data)
        return found
