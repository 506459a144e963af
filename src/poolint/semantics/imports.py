"""What an import gives: a module of the project, something in one, or a name of a library."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.semantics.types import UNKNOWN, ModuleObject, Type

if TYPE_CHECKING:
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.project import Module
    from poolint.semantics.scopes import Binding


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
            path = None if _is_library(ev, dotted, module) else ev.project.finder.find(f"{dotted}.{name}", module.path)
        inner = ev.project.module(path) if path is not None else None
        if inner is not None:
            return ModuleObject(inner)
        return UNKNOWN if binding.level else ev.library(f"{dotted}.{name}")
    if source is module:  # `from . import x` in the package's own __init__
        path = ev.project.finder.find_relative(name, 1, module.path)
        inner = ev.project.module(path) if path is not None else None
        return ModuleObject(inner) if inner is not None else UNKNOWN
    return ev.module_name(source, name)


def _is_library(ev: Evaluator, dotted: str, module: Module) -> bool:
    top = dotted.partition(".")[0]
    if top not in ev.models.roots or module.name.partition(".")[0] == top:
        return False
    # A distribution may be a part of its library's namespace, in a folder of that name without an `__init__`.
    folders = ev.project.finder.search_path(module.path)
    return not any(module.path.startswith(os.path.join(folder, top) + os.sep) for folder in folders)


def first_party(ev: Evaluator, dotted: str, level: int, module: Module) -> Module | None:
    """The module of the project that an import in ``module`` means; None for a library's."""
    if not level and _is_library(ev, dotted, module):
        return None
    return ev.project.imported(dotted, level, module)
