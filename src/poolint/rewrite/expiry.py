"""Whether a session leaves its entities loaded when it commits: ``expire_on_commit=False``, where that can be seen."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import imports
from poolint.types.annotated import dependencies
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAX_STEPS = 8


def keeps_loaded(ev: Evaluator, name: str, scope: Scope) -> bool:
    """The answer for the session that a name is bound to in a function."""
    node: ast.expr = ast.Name(name, ast.Load())
    if not name.isidentifier():
        return False
    for _ in range(_MAX_STEPS):
        if isinstance(node, ast.Await):
            node = node.value
        elif isinstance(node, ast.Call):
            said = [one.value for one in node.keywords if one.arg == "expire_on_commit"]
            if said:
                return isinstance(said[0], ast.Constant) and said[0].value is False
            node = node.func
        elif isinstance(node, ast.Attribute) and node.attr == "begin":
            node = node.value
        elif isinstance(node, ast.Name):
            step = _value(ev, node, scope)
            if step is None:
                return False
            node, scope = step
        else:
            return False
    return False


def _value(ev: Evaluator, node: ast.Name, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """What the only binding of a name gives it, and where."""
    around: Scope | None = scope
    while around is not None and (node.id not in around.bindings or (around.kind == "class" and around is not scope)):
        around = around.parent
    found = [one for one in around.bindings[node.id] if one.kind != "narrowed"] if around is not None else []
    if around is None or len(found) != 1:
        return None
    one = found[0]
    if one.kind == "import":
        return _imported(ev, one, around)
    if one.kind == "parameter":
        return _injected(ev, one, around)
    if one.kind not in ("assign", "annotated", "with") or one.value is None or one.index >= 0:
        return None
    return one.value, one.scope or around


def _imported(ev: Evaluator, one: Binding, scope: Scope) -> tuple[ast.expr, Scope] | None:
    dotted, _, inner = one.origin.partition(":")
    source = imports.first_party(ev, dotted, one.level, scope.module) if inner else None
    return (ast.Name(inner, ast.Load()), source.scope) if source is not None else None


def _injected(ev: Evaluator, one: Binding, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """What the dependency yields that a framework passes."""
    for call, around in dependencies(ev, one, scope):
        for given in alternatives(ev.type_of(call.args[0], around)) if call.args else ():
            if isinstance(given, Function) and len(given.scope.yields) == 1:
                (lent,) = given.scope.yields
                if isinstance(lent, ast.Yield) and isinstance(lent.value, ast.Name):
                    return lent.value, given.scope
    return None
