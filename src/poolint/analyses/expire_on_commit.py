"""Whether a commit expires the objects of a session: what the call that makes it, or its factory, says of that.

The option is `expire_on_commit` of SQLAlchemy's sessions and their factories (1.4 and 2.0); it is on by default.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import only_binding
from poolint.types.call_sites import call_site, callees_of
from poolint.types.following import given, origin
from poolint.types.providers import providers
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_OPTION = "expire_on_commit"


def expires(ev: Evaluator, name: str, scope: Scope) -> bool | None:
    """Whether a commit surely expires what the session ``name`` has loaded, or surely does not; None where neither is
    seen."""
    answers = ev.derived(_Expiring).of_name(name, scope)
    return next(iter(answers)) if len(answers) == 1 else None


_Answers = frozenset[bool | None]
"""What is said of each session that something may be; None of one of which nothing is known."""

_UNKNOWN: _Answers = frozenset((None,))


class _Expiring:
    """What is said of the sessions that functions give: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._given: Summaries[ScopeKey, _Answers] = Summaries(
            "expires", self._given_by, bottom=frozenset(), join=frozenset.union
        )

    def of_name(self, name: str, scope: Scope) -> _Answers:
        """What is said of the session that a name is."""
        binding, home = only_binding(name, scope)
        if binding is not None and binding.kind == "parameter":
            found = [self._given.of(one.scope.key) for one in providers(self.ev, binding, home)]
            return frozenset[bool | None]().union(*found) if found else _UNKNOWN
        if binding is None or binding.kind not in ("assign", "annotated", "with", "import"):
            return _UNKNOWN
        end = origin(self.ev, ast.Name(name, ast.Load()), scope)
        return self._made(end.node, end.scope) if isinstance(end.node, ast.Call) else _UNKNOWN

    def _made(self, call: ast.Call, scope: Scope) -> _Answers:
        """What is said of what a call makes."""
        callee = callees_of(self.ev, call, scope)
        if any(isinstance(one, Function) for one in callee):
            found = [self._given.of(one.scope.key) if isinstance(one, Function) else _UNKNOWN for one in callee]
            return frozenset[bool | None]().union(*found)
        return frozenset((_said_by_call(self.ev, call, callee, scope),))

    def _given_by(self, key: ScopeKey) -> _Answers:
        """What is said of the session that a function of the project yields or returns."""
        function = self.ev.project.scope(key)
        values = list(given(function))
        found: _Answers = frozenset() if values else _UNKNOWN
        for one in values:
            if isinstance(one, ast.Name):
                found |= self.of_name(one.id, function)
            else:
                found |= self._made(one, function) if isinstance(one, ast.Call) else _UNKNOWN
        return found


def _said_by_call(ev: Evaluator, call: ast.Call, callee: tuple[Type, ...], scope: Scope) -> bool | None:
    """What a call says of the session that it makes, or the factory that it calls."""
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


def _is_said(call: ast.Call) -> bool:
    """Whether a call says something of the option, or may: ``**options``."""
    return any(one.arg in (_OPTION, None) for one in call.keywords)


def _said(call: ast.Call) -> bool | None:
    """What it says; None where that cannot be known."""
    for keyword in call.keywords:
        if keyword.arg == _OPTION and isinstance(keyword.value, ast.Constant):
            return bool(keyword.value.value)
    return None
