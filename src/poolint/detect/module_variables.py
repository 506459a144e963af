"""Who uses what a module keeps in a variable."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint import recording
from poolint.syntax.file_kinds import is_imported
from poolint.syntax.importers import importers

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_of_a_script(ev: Evaluator, variable: str, module: Scope) -> bool:
    """Whether a module has something for what it does from top to bottom alone: no function of it uses that, and no other
    module imports it, tests aside."""
    if any(variable in one.loads for one in module.descendants() if one is not module):
        return False
    return variable in module.loads and not is_imported(module.module, ev.project)


def is_unused(ev: Evaluator, variable: str, module: Scope) -> bool:
    """Whether nothing of a module names a variable of it again, and no module that imports this one has the name, nor all of
    them."""
    if any(variable in one.loads for one in module.descendants()):
        return False
    asking = recording.own(module.module.path)
    return not any(_may_have(one, variable) for one in importers(ev.project, module.module, asking))


def _may_have(importer: Module, variable: str) -> bool:
    taken = {one.name for node, _ in importer.imports if isinstance(node, ast.ImportFrom) for one in node.names}
    if not taken.isdisjoint((variable, "*")):
        return True
    return any(one.attr == variable for inner in importer.scope.descendants() for one in inner.attributes)
