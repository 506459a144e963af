"""Modules that cannot be imported, so that nothing in them runs: Python refuses to compile them, or they ask another module of
the project for a name that it does not have."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, statement_of
from poolint.types.imports import binding_module, first_party

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator


def fails_to_import(ev: Evaluator, module: Module) -> bool:
    """Whether the import of a module of the project raises ``SyntaxError`` or ``ImportError``, whoever imports it."""
    if module.mentions(b"await") and any(_is_refused(one, module) for one in ast.walk(module.tree)):
        return True
    bindings = (one for found in module.scope.bindings.values() for one in found if one.kind == "import")
    return any(_is_missing(ev, one, module) for one in bindings)


def _is_refused(node: ast.AST, module: Module) -> bool:
    """Whether a node is an ``await`` in a plain function. At the top of a module some shells take it."""
    if not isinstance(node, ast.Await):
        return False
    scope = module.scope_of(node)
    return scope.kind in ("function", "lambda") and not scope.is_async


def _is_missing(ev: Evaluator, binding: Binding, module: Module) -> bool:
    """Whether a module imports, whenever it runs, a name that a module of the project has in no way."""
    dotted, colon, name = binding.origin.partition(":")
    if not colon or name.startswith("__") or not isinstance(parent_of(statement_of(binding.node)), ast.Module):
        return False
    source = first_party(ev, dotted, binding.level, module)
    if source is None or source is module or binding_module(ev, name, source) is not None:
        return False
    if not binding.level and not _is_only_one(ev, dotted.partition(".")[0], module):
        return False
    if "__getattr__" in source.scope.bindings or any(map(_is_namespace, ast.walk(source.tree))):
        return False
    if any(first_party(ev, star, level, source) is None for star, level in source.stars):
        return False
    finder, inner = ev.project.finder, f"{dotted}.{name}" if dotted else name
    found = (
        finder.find_relative(inner, binding.level, module.path) if binding.level else finder.find(inner, module.path)
    )
    return found is None


def _is_only_one(ev: Evaluator, top: str, module: Module) -> bool:
    """Whether one of the folders alone that a module's imports are looked for in has something of a name: which of several it is
    depends on where a program is started."""
    finder = ev.project.finder
    folders = finder.search_path(module.path)
    return len([one for one in folders if not finder.listing(one).isdisjoint((top, f"{top}.py"))]) == 1


def _is_namespace(node: ast.AST) -> bool:
    """Whether a node reads ``globals`` or ``sys.modules``, by which names are made that no statement has."""
    return ast.unparse(node) in ("globals", "sys.modules") if isinstance(node, (ast.Name, ast.Attribute)) else False
