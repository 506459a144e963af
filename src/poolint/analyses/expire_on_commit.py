"""Whether a commit expires the objects of a session: what the call that makes it, or its factory, says of that.

The option is `expire_on_commit` of SQLAlchemy's sessions and their factories (1.4 and 2.0); it is on by default.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import only_binding
from poolint.types.call_sites import call_site
from poolint.types.following import given, origin
from poolint.types.providers import providers
from poolint.types.values import ClassObject, Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_OPTION = "expire_on_commit"
_MAX_DEPTH = 4


def expires(ev: Evaluator, name: str, scope: Scope, depth: int = 0) -> bool | None:
    """Whether a commit surely expires what the session ``name`` has loaded, or surely does not; None where neither is
    seen."""
    binding, home = only_binding(name, scope)
    if binding is None or depth > _MAX_DEPTH:
        return None
    if binding.kind == "parameter":
        return _same(_given_by(ev, one.scope, depth + 1) for one in providers(ev, binding, home))
    if binding.kind not in ("assign", "annotated", "with", "import"):
        return None
    end = origin(ev, ast.Name(name, ast.Load()), scope)
    return _made(ev, end.node, end.scope, depth) if isinstance(end.node, ast.Call) else None


def _made(ev: Evaluator, call: ast.Call, scope: Scope, depth: int) -> bool | None:
    """The same of what a call makes."""
    callee = alternatives(ev.type_of(call.func, scope))
    if any(isinstance(one, Function) for one in callee):
        return _same(_given_by(ev, one.scope, depth + 1) if isinstance(one, Function) else None for one in callee)
    if _is_said(call):
        return _said(call)
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is None or fact.cls is None:
        return None
    if fact.row is None:
        is_plain = fact.cls.kind == "session" and any(
            isinstance(one, ClassObject) and one.cls is one.base for one in callee
        )
        return True if is_plain else None
    if fact.cls.kind != "factory":
        return None
    factory = call.func.value if isinstance(call.func, ast.Attribute) and fact.method != "__call__" else call.func
    made = origin(ev, factory, scope).node
    if not isinstance(made, ast.Call):
        return None
    return _said(made) if _is_said(made) else True


def _given_by(ev: Evaluator, function: Scope, depth: int) -> bool | None:
    """The same of the session that a function of the project yields or returns."""
    if depth > _MAX_DEPTH:
        return None
    found: list[bool | None] = []
    for one in given(function):
        if isinstance(one, ast.Name):
            found.append(expires(ev, one.id, function, depth))
        else:
            found.append(_made(ev, one, function, depth) if isinstance(one, ast.Call) else None)
    return _same(found)


def _same(answers: Iterable[bool | None]) -> bool | None:
    """What all of them say."""
    distinct = set(answers)
    return distinct.pop() if len(distinct) == 1 else None


def _is_said(call: ast.Call) -> bool:
    """Whether a call says something of the option, or may: ``**options``."""
    return any(one.arg in (_OPTION, None) for one in call.keywords)


def _said(call: ast.Call) -> bool | None:
    """What it says; None where that cannot be known."""
    for keyword in call.keywords:
        if keyword.arg == _OPTION and isinstance(keyword.value, ast.Constant):
            return bool(keyword.value.value)
    return None
