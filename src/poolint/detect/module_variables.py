"""Who uses what a module keeps in a variable."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint import recording
from poolint.syntax.file_kinds import is_imported
from poolint.syntax.importers import importers, last_part
from poolint.types.vocabulary import last_name

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
    """Whether nothing of a module names a variable of it again, and no file of the project may have it: none imports it by its
    name, asks what has the module's name for it, or says it in a string."""
    if any(variable in one.loads for one in module.descendants()):
        return False
    own, project = module.module, ev.project
    others = (project.module(path) for path in project.saying(variable, own) if path != own.path)
    return not any(one is None or _may_have(one, variable, own) for one in others) and not any(
        _takes_all(one) for one in importers(project, own, recording.own(own.path))
    )


def _may_have(other: Module, variable: str, module: Module) -> bool:
    names = {one.name for node, _ in other.imports if isinstance(node, ast.ImportFrom) for one in node.names}
    if variable in names:
        return True
    stem = last_part(module)
    for one in ast.walk(other.scope.node):
        if isinstance(one, ast.Attribute) and one.attr == variable and last_name(one.value) == stem:
            return True
        if isinstance(one, ast.Constant) and one.value == variable:
            return True
    return False


def _takes_all(importer: Module) -> bool:
    return any(
        one.name == "*" for node, _ in importer.imports if isinstance(node, ast.ImportFrom) for one in node.names
    )
