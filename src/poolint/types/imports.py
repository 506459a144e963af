"""What an import gives: a module of the project, something in one, or a name of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.types.values import UNKNOWN, ModuleObject, Type

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator


def imported(ev: Evaluator, binding: Binding, module: Module) -> Type:
    """What an import in ``module`` binds its name to."""
    dotted, colon, name = binding.origin.partition(":")
    if not colon:
        found = first_party(ev, dotted, 0, module)
        return ModuleObject(found) if found is not None else ev.library(dotted)
    source = first_party(ev, dotted, binding.level, module)
    if source is None:
        if binding.level:
            path = ev.project.finder.find_relative(f"{dotted}.{name}" if dotted else name, binding.level, module.path)
        else:
            path = ev.project.finder.find(f"{dotted}.{name}", module.path)
        inner = ev.project.module(path) if path is not None else None
        if inner is not None:
            return ModuleObject(inner)
        return UNKNOWN if binding.level else ev.library(f"{dotted}.{name}")
    if source is module:  # `from . import x` in the package's own __init__
        path = ev.project.finder.find_relative(name, 1, module.path)
        inner = ev.project.module(path) if path is not None else None
        return ModuleObject(inner) if inner is not None else UNKNOWN
    return ev.module_name(source, name, module.path)


def source(ev: Evaluator, binding: Binding, module: Module) -> tuple[Module, str] | None:
    """The module of the project that binds what an import in ``module`` gives, and its name there; None for a module, for
    a library's name, and for one that the module's own package is asked for."""
    dotted, colon, name = binding.origin.partition(":")
    found = first_party(ev, dotted, binding.level, module) if colon else None
    home = None if found is None or found is module else binding_module(ev, name, found)
    return None if home is None else (home, name)


def binding_module(ev: Evaluator, name: str, module: Module) -> Module | None:
    """The module that binds a name of ``module``: itself, or one of those that it imports with a star."""
    waiting, seen = [module], {module.path}
    while waiting:
        one = waiting.pop(0)
        if name in one.scope.bindings:
            return one
        for dotted, level in one.stars:
            inner = first_party(ev, dotted, level, one)
            if inner is not None and inner.path not in seen:
                seen.add(inner.path)
                waiting.append(inner)
    return None


def first_party(ev: Evaluator, dotted: str, level: int, module: Module) -> Module | None:
    """The module of the project that an import in ``module`` means; None for a library's."""
    return ev.project.imported(dotted, level, module)
