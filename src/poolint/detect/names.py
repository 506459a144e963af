"""Observations about names that are asked of a module which does not have them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.prepared import is_prepared
from poolint.syntax.scopes import parent_of
from poolint.types.values import LibraryName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.detector import Observe
    from poolint.detect.services import Services
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class MissingName(Observation, frozen=True, eq=False):
    """A name that a module does not have. ``node`` imports it, or reads it off the module.

    ``right`` is the name that is meant, where that is known: dotted if it is in another module.
    """

    module: str
    name: str
    right: str


def observe(ev: Evaluator, module: Module) -> Iterator[tuple[Scope, Observation]]:
    """The names that a file imports, or reads off what it imports, and that are not there."""
    told = ev.models.modules
    roots = {name.partition(".")[0] for name in told}
    for node, scope in module.imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                if root in roots:
                    local, dotted = (alias.asname, alias.name) if alias.asname else (root, root)
                    yield from _read_off(ev, local, dotted, scope)
        elif not node.level and node.module and node.module.partition(".")[0] in roots:
            for alias in node.names:
                yield from _imported(ev, node, node.module, alias, scope)


def _imported(
    ev: Evaluator, node: ast.ImportFrom, dotted: str, alias: ast.alias, scope: Scope
) -> Iterator[tuple[Scope, Observation]]:
    if _is_missing(ev, dotted, alias.name) and not is_prepared(node) and not _is_ours(ev, dotted, scope):
        yield scope, _missing(ev, alias, dotted, alias.name, scope)
    inner = f"{dotted}.{alias.name}"
    if any(one == inner or one.startswith(f"{inner}.") for one in ev.models.modules):
        yield from _read_off(ev, alias.asname or alias.name, inner, scope)


def _read_off(ev: Evaluator, local: str, dotted: str, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
    """What is read off a module by its local name, in the scope that imports it and in those inside."""
    for inner in scope.descendants():
        for load in inner.loads.get(local, ()):
            module, node = dotted, parent_of(load)
            while isinstance(node, ast.Attribute):
                if _is_missing(ev, module, node.attr):
                    is_module = ev.type_of(load, inner) == LibraryName(dotted)
                    if is_module and not is_prepared(node) and not _is_ours(ev, dotted, inner):
                        yield inner, _missing(ev, node, module, node.attr, inner)
                    break
                module, node = f"{module}.{node.attr}", parent_of(node)


def _is_missing(ev: Evaluator, module: str, name: str) -> bool:
    if module not in ev.models.modules or name.startswith("_") or name == "*":
        return False
    return name not in ev.models.names(module)


def _is_ours(ev: Evaluator, dotted: str, scope: Scope) -> bool:
    """Whether a module is the project's own, called like a library's."""
    return ev.project.finder.hides(dotted.partition(".")[0], scope.module.path)


def _missing(ev: Evaluator, node: ast.AST, module: str, name: str, scope: Scope) -> MissingName:
    return MissingName(node, scope.qualified_name, False, module, name, _right(ev, module, name))


def _right(ev: Evaluator, module: str, name: str) -> str:
    """The name that is meant: one that is easily taken for it, or the only one that differs by an ``Error`` at its end."""
    told = ev.models.modules[module].right.get(name)
    if told is None:
        near = name.removesuffix("Error") if name.endswith("Error") else f"{name}Error"
        return near if near in ev.models.names(module) else ""
    return told


def _of_module(services: Services) -> Observe:
    return lambda scope: observe(services.evaluator, scope.module)


DETECTOR = Detector("names", _of_module, of="modules")
