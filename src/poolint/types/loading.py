"""What is loaded by name: ``importlib.import_module("sqlalchemy")``, or by a function of the project that does so with what it
is given, ``optional("sqlalchemy")``, ``load("shop.payments", "charge")``.

Where the name of the module depends on more than what is given, as that of an edition's own, the plain one is taken.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import assigned
from poolint.types.values import UNKNOWN, Function, ModuleObject, Type
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def module_loaded(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """The module, of the project or of a library, that a call of a library's function loads; unknown where its name is not
    written there."""
    return _module_named(ev, _text(call.args[0], {}, scope) if len(call.args) == 1 else "", scope)


def loaded(ev: Evaluator, loader: Function, call: ast.Call, scope: Scope) -> Type:
    """What a call of a function gives that may load it by the names it is given; unknown where it does not."""
    function = loader.scope
    if not function.module.mentions(b"import_module") or not isinstance(function.node, ast.FunctionDef):
        return UNKNOWN
    given = dict(_given(function.node, call))
    if not given:
        return UNKNOWN
    for inner in function.calls:
        if last_name(inner.func) == "getattr" and len(inner.args) >= 2:
            module, name = _module(inner.args[0], given, function), _text(inner.args[1], given, function)
            found = ev.project.imported(module, 0, scope.module) if module and name else None
            if found is not None:
                return ev.module_name(found, name, scope.module.path)
    named = [_module(one, given, function) for one in function.returns]
    return _module_named(ev, next(filter(None, named), ""), scope)


def _module_named(ev: Evaluator, name: str, scope: Scope) -> Type:
    """A module by its whole name, as an import of it gives it."""
    if not name or name.startswith("."):
        return UNKNOWN
    found = ev.project.imported(name, 0, scope.module)
    return ev.library(name) if found is None else ModuleObject(found)


def _module(node: ast.expr, given: dict[str, str], function: Scope) -> str:
    """The name of the module that an expression imports."""
    value = assigned(node.id, function) if isinstance(node, ast.Name) else node
    if isinstance(value, ast.Call) and last_name(value.func) == "import_module" and len(value.args) == 1:
        return _text(value.args[0], given, function)
    return ""


def _text(node: ast.expr, given: dict[str, str], function: Scope, seen: frozenset[str] = frozenset()) -> str:
    """The text that an expression is when the function is given these; a name that comes of itself is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.IfExp):
        return _text(node.body, given, function, seen) or _text(node.orelse, given, function, seen)
    if not isinstance(node, ast.Name) or node.id in seen:
        return ""
    if node.id in given:
        return given[node.id]
    value = assigned(node.id, function)
    if value is None or isinstance(value, ast.Name):
        return ""
    return _text(value, given, function, seen | {node.id})


def _given(function: ast.FunctionDef, call: ast.Call) -> Iterator[tuple[str, str]]:
    """The texts that a call gives for parameters."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    passed = [*zip(names, call.args, strict=False), *((one.arg, one.value) for one in call.keywords if one.arg)]
    for name, value in passed:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield name, value.value
