"""Names that mean the same in all functions of a module, and where what they mean is bound first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.syntax.expressions import is_none
from poolint.types.imports import source

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def bound_to_all(name: str, scope: Scope) -> tuple[Binding | None, Module]:
    """What binds a name to the same in all functions of a module: the module, or an import in the function."""
    for where in (scope, scope.module.scope):
        bindings = [one for one in where.bindings.get(name, ()) if not is_none(one.value)]  # without the library
        if bindings:
            is_shared = where is scope.module.scope or bindings[-1].kind == "import"
            return (bindings[-1] if is_shared and len(bindings) == 1 else None), scope.module
    return None, scope.module


def first_home(ev: Evaluator, binding: Binding, name: str, module: Module) -> tuple[str, str]:
    """Where a value is bound first that a binding imports, and its name there: the path of a module, or the dotted name of one
    that is not at hand."""
    seen: set[tuple[str, str]] = set()
    while binding.kind == "import" and (module.path, name) not in seen:
        seen.add((module.path, name))
        found = source(ev, binding, module)
        if found is None:
            break
        module, name = found
        binding = module.scope.bindings[name][-1]
    dotted, colon, imported = binding.origin.partition(":") if binding.kind == "import" else ("", "", "")
    return (dotted, imported) if colon and not binding.level else (module.path, name)
