"""What a session does by itself: what the call that makes it, or its factory, says of that.

The options are ``expire_on_commit`` (a commit expires its objects) and ``autoflush`` (a query first sends what it has been
told) of SQLAlchemy's sessions and their factories (1.4 and 2.0); both are on by default.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

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


class _Options(NamedTuple):
    """What is said of a session, by the names of its options; None where nothing is known of one."""

    expire_on_commit: bool | None = None
    autoflush: bool | None = None


_DEFAULTS = _Options(expire_on_commit=True, autoflush=True)


def expires(ev: Evaluator, name: str, scope: Scope) -> bool | None:
    """Whether a commit surely expires what the session ``name`` has loaded, or surely does not; None where neither is
    seen."""
    return _agreed({one.expire_on_commit for one in ev.derived(_Said).of_name(name, scope)})


def flushes(ev: Evaluator, name: str, scope: Scope) -> bool | None:
    """Whether a query by the session ``name`` surely sends what it has been told before, or surely does not; None where
    neither is seen."""
    return _agreed({one.autoflush for one in ev.derived(_Said).of_name(name, scope)})


def _agreed(answers: set[bool | None]) -> bool | None:
    return next(iter(answers)) if len(answers) == 1 else None


_Answers = frozenset[_Options]
"""What is said of each session that something may be."""

_UNKNOWN: _Answers = frozenset((_Options(),))


class _Said:
    """What is said of the sessions that functions give: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._given: Summaries[ScopeKey, _Answers] = Summaries(
            "session-options", self._given_by, bottom=frozenset(), join=frozenset.union
        )

    def of_name(self, name: str, scope: Scope) -> _Answers:
        """What is said of the session that a name is."""
        binding, home = only_binding(name, scope)
        if binding is not None and binding.kind == "parameter":
            found = [self._given.of(one.scope.key) for one in providers(self.ev, binding, home)]
            return frozenset[_Options]().union(*found) if found else _UNKNOWN
        if binding is None or binding.kind not in ("assign", "annotated", "with", "import"):
            return _UNKNOWN
        end = origin(self.ev, ast.Name(name, ast.Load()), scope)
        return self._made(end.node, end.scope) if isinstance(end.node, ast.Call) else _UNKNOWN

    def _made(self, call: ast.Call, scope: Scope) -> _Answers:
        """What is said of what a call makes."""
        callee = callees_of(self.ev, call, scope)
        if any(isinstance(one, Function) for one in callee):
            found = [self._given.of(one.scope.key) if isinstance(one, Function) else _UNKNOWN for one in callee]
            return frozenset[_Options]().union(*found)
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


def _said_by_call(ev: Evaluator, call: ast.Call, callee: tuple[Type, ...], scope: Scope) -> _Options:
    """What a call says of the session that it makes, or the factory that it calls."""
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is None or fact.cls is None:
        return _said(call, _Options())
    if fact.row is None:
        is_plain = fact.cls.kind == "session" and any(
            isinstance(one, ClassObject) and one.cls is one.base for one in callee
        )
        return _said(call, _DEFAULTS if is_plain else _Options())
    if fact.cls.kind != "factory":
        return _said(call, _Options())
    factory = call.func.value if isinstance(call.func, ast.Attribute) and fact.method != "__call__" else call.func
    made = origin(ev, factory, scope).node
    return _said(call, _said(made, _DEFAULTS) if isinstance(made, ast.Call) else _Options())


def _may_say(call: ast.Call, name: str) -> bool:
    """Whether a call says something of an option, or may: ``**options``."""
    return any(one.arg in (name, None) for one in call.keywords)


def _said(call: ast.Call, otherwise: _Options) -> _Options:
    """What a call says of each option, or else, of one that it does not name, what is said of it otherwise."""
    names = otherwise._asdict()
    return _Options(*(_value(call, name) if _may_say(call, name) else said for name, said in names.items()))


def _value(call: ast.Call, name: str) -> bool | None:
    """What a call says of an option; None where that cannot be known."""
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return bool(keyword.value.value)
    return None
