"""What a module has imported from something that is not at hand, by all that its functions do with that: ``Session.query(Order)``
tells that ``Session`` is a registry, whose session they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.types.by_use import ByUse
from poolint.types.use_places import path
from poolint.types.values import UNKNOWN, LibraryName

if TYPE_CHECKING:
    import ast

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.use_calls import Call
    from poolint.types.values import Type


def unless_known(ev: Evaluator, found: LibraryName, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    """A name of a library as it has been found; of one that the models do not know, what its uses in the module tell."""
    told = of_module(ev, path(node), scope.module) if is_unknown(ev, found) else UNKNOWN
    return found if told is UNKNOWN else told


def is_unknown(ev: Evaluator, found: Type) -> bool:
    """Whether something is of a library of which the models know nothing."""
    return isinstance(found, LibraryName) and found.name.partition(".")[0] not in ev.models.roots


def of_module(ev: Evaluator, text: str, module: Module) -> Type:
    """What a name, or a path from one, must be that a module has imported; ``UNKNOWN`` where its uses do not tell."""
    return ev.derived(ImportedUses).of(text, module)


class ImportedUses:
    """Answers for one evaluator, found once for each module."""

    def __init__(self, ev: Evaluator) -> None:
        self._by_use = ev.derived(ByUse)
        self._found: dict[Module, dict[str, Type]] = {}

    def of(self, text: str, module: Module) -> Type:
        """The registry that is reached by a text in a module; ``UNKNOWN`` where none is seen there."""
        return self._in(module).get(text, UNKNOWN)

    def has_any(self, module: Module) -> bool:
        """Whether a module has imported a registry."""
        return any(one is not UNKNOWN for one in self._in(module).values())

    def _in(self, module: Module) -> dict[str, Type]:
        if module not in self._found:
            self._found[module] = {}  # who asks meanwhile is told nothing
            calls = self._by_use.shared(module)
            self._found[module] = {one: self._registry(one, found, module) for one, found in calls.items()}
        return self._found[module]

    def _registry(self, text: str, calls: list[Call], module: Module) -> Type:
        root, use = text.partition(".")[0], self._by_use.use
        bindings = module.scope.bindings.get(root, ())
        is_imported = len(bindings) == 1 and bindings[0].kind == "import"
        if not is_imported or not is_unknown(self._by_use.ev, self._by_use.ev.scope_name(root, module.scope)):
            return UNKNOWN
        mode = use.of_statements(calls, "") if use.is_session(calls) else None
        mode = mode or use.of_classes(calls)
        return (self._by_use.instance("used-registry", mode) or UNKNOWN) if mode is not None else UNKNOWN
