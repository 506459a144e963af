"""What a module has imported from something that is not at hand, by all that its functions do with that: ``Session.query(Order)``
tells that ``Session`` is a registry, whose session they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.types.by_use import ByUse, is_unknown
from poolint.types.use_places import path
from poolint.types.values import UNKNOWN

if TYPE_CHECKING:
    import ast

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import LibraryName, Type


def unless_known(ev: Evaluator, found: LibraryName, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    """A name of a library that the models do not know: what its uses in the module tell, or what has been found."""
    told = of_module(ev, path(node), scope.module)
    return found if told is UNKNOWN else told


def of_module(ev: Evaluator, text: str, module: Module) -> Type:
    """What a name, or a path from one, must be that a module has imported; ``UNKNOWN`` where its uses do not tell."""
    if text not in ev.derived(ByUse).shared(module):
        return UNKNOWN
    return ev.once((module, text, "imported"), _registry, ev, text, module)


def has_any(ev: Evaluator, module: Module) -> bool:
    """Whether a module has imported a registry."""
    return any(of_module(ev, one, module) is not UNKNOWN for one in ev.derived(ByUse).shared(module))


def _registry(ev: Evaluator, text: str, module: Module) -> Type:
    by_use, root = ev.derived(ByUse), text.partition(".")[0]
    bindings = module.scope.bindings.get(root, ())
    is_imported = len(bindings) == 1 and bindings[0].kind == "import"
    if not is_imported or not is_unknown(ev, ev.scope_name(root, module.scope)):
        return UNKNOWN
    mode = by_use.use.of_session(by_use.shared(module)[text])
    return (by_use.instance("used-registry", mode) or UNKNOWN) if mode is not None else UNKNOWN
