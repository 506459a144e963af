"""Whether a commit expires the objects of a session: what the call that makes it, or its factory, says of that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.implicit_calls import made_by
from poolint.frameworks.entries import providers
from poolint.types.call_sites import call_fact
from poolint.types.values import ClassObject, Function, alternatives

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_OPTION = "expire_on_commit"
_MAX_DEPTH = 4


def expires(ev: Evaluator, name: str, scope: Scope, depth: int = 0) -> bool:
    """Whether a commit surely expires what the session ``name`` has loaded; what is not seen is not sure."""
    bindings = [one for one in scope.bindings.get(name, ()) if one.kind != "narrowed"]
    if len(bindings) != 1 or depth > _MAX_DEPTH:
        return False
    binding = bindings[0]
    if binding.kind == "parameter":
        given = [one.scope for one in providers(ev, binding, scope)]
        return bool(given) and all(_given_by(ev, one, depth + 1) for one in given)
    value = binding.value.value if isinstance(binding.value, ast.Await) else binding.value
    if binding.kind not in ("assign", "annotated", "with") or not isinstance(value, ast.Call):
        return False
    return _made(ev, value, scope, depth)


def _made(ev: Evaluator, call: ast.Call, scope: Scope, depth: int) -> bool:
    """The same of what a call makes."""
    callee = alternatives(ev.type_of(call.func, scope))
    if any(isinstance(one, Function) for one in callee):
        return all(isinstance(one, Function) and _given_by(ev, one.scope, depth + 1) for one in callee)
    said = _said(call)
    if said is not None:
        return said
    fact = call_fact(ev, call, scope, use_evidence=False)
    if fact is None or fact.cls is None:
        return False
    if fact.row is None:
        return fact.cls.kind == "session" and any(
            isinstance(one, ClassObject) and one.cls is one.base for one in callee
        )
    if fact.cls.kind != "factory":
        return False
    factory = call.func.value if isinstance(call.func, ast.Attribute) and fact.method != "__call__" else call.func
    made = made_by(ev, factory, scope)
    return made is not None and _said(made) is not False and _is_plain(made)


def _given_by(ev: Evaluator, function: Scope, depth: int) -> bool:
    """The same of the session that a function of the project yields or returns."""
    given = [one.value for one in function.yields if one.value is not None] or function.returns
    if not given or depth > _MAX_DEPTH:
        return False
    for one in given:
        if isinstance(one, ast.Name):
            if not expires(ev, one.id, function, depth):
                return False
        elif not (isinstance(one, ast.Call) and _made(ev, one, function, depth)):
            return False
    return True


def _said(call: ast.Call) -> bool | None:
    """What a call says of the option: None where it says nothing, and False where that cannot be told."""
    for keyword in call.keywords:
        if keyword.arg == _OPTION:
            return isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    return None if _is_plain(call) else False


def _is_plain(call: ast.Call) -> bool:
    return all(one.arg is not None for one in call.keywords)
