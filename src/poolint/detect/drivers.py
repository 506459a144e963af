"""Observations about connections of drivers that have no model, known by the protocol that all drivers share: what
``connect`` gives has a ``cursor()``, and that executes statements and gives rows, or the connection commits.

A function of the project that does no more than to make one and to give it is as good as ``connect`` itself. Nobody knows what
else such a driver does, so what becomes of its connections is told as possible only.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Literal

import msgspec

from poolint.analyses.lifetimes.acquisitions import Site
from poolint.analyses.lifetimes.destinations import target_of
from poolint.analyses.places import bound_value
from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakedCheckout
from poolint.flow.cfg import TooComplex
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, reads_of, returned_as_made
from poolint.syntax.surroundings import call_taking, method_call
from poolint.types.call_sites import CallSite, callees_of, receiver_text
from poolint.types.definitions import Definitions
from poolint.types.values import Function, LibraryName
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope, ScopeKey

_CONNECT, _CURSOR, _EXECUTES = "connect", "cursor", frozenset({"execute", "executemany"})
_GIVES = frozenset({"fetchone", "fetchall", "fetchmany"})
"""The protocol of PEP 249."""
_PASSED = "()"
"""What stands for whatever somebody does who is passed a cursor: it has rows."""


Mode = Literal["", "sync", "async"]
"""How what gives a connection is called: as it is, or awaited; empty for what gives none."""


class Drivers:
    """Observes what becomes of such connections. Whether a function gives one is a problem of summaries."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self._lifetimes = services.lifetimes
        self._given: Summaries[ScopeKey, Mode] = Summaries(
            "gives-connection", self._by_function, bottom="", join=max, components=services.components
        )

    def observe(self, scope: Scope) -> Iterator[LeakedCheckout]:
        """The connections that a function makes and leaves open."""
        asked = (one.func.value for one in scope.calls_named({_CURSOR}) if isinstance(one.func, ast.Attribute))
        named = (one.target if isinstance(one, ast.NamedExpr) else one for one in asked)
        for name in dict.fromkeys(one.id for one in named if isinstance(one, ast.Name)):
            for binding in scope.bindings.get(name, ()):
                value = bound_value(binding)
                is_kept = value is not None and target_of(parent_of(value), value, scope) == name
                if value is not None and is_kept and _is_connection(name, scope):
                    node = without_await(value)
                    mode = self._mode(value, scope)
                    if mode and isinstance(node, ast.Call):
                        yield from self._left_open(node, value, name, mode, scope)

    def _left_open(
        self, node: ast.Call, value: ast.expr, name: str, mode: Mode, scope: Scope
    ) -> Iterator[LeakedCheckout]:
        cls = self.ev.models.classes[f"poolint.evidence.{'Async' if mode == 'async' else 'Sync'}Driver"]
        qualified = self.ev.qualified_name(self.ev.type_of(node.func, scope))
        fact = CallSite(node, qualified, receiver_text(node, scope))
        try:
            found = self._lifetimes.followed(Site(node, value, value, name, fact, cls), scope)
        except TooComplex:
            return
        if isinstance(found, LeakedCheckout):
            yield msgspec.structs.replace(found, is_possible=True)

    def _mode(self, value: ast.expr, scope: Scope) -> Mode:
        """How a connection is made by an expression."""
        is_awaited = isinstance(value, ast.Await)
        node = without_await(value)
        if not isinstance(node, ast.Call):
            return ""
        if self._connects(node, scope) and self._is_foreign(node, scope):
            return "async" if is_awaited else "sync"
        if last_name(node.func) not in self.ev.derived(Definitions).of(scope.module):
            return ""
        callees = callees_of(self.ev, node, scope)
        one = callees[0] if len(callees) == 1 else None
        if not isinstance(one, Function) or (one.scope.is_async and not is_awaited):
            return ""
        mode = self._given.of(one.scope.key)
        return "async" if mode and is_awaited and not one.scope.is_async else mode

    def _by_function(self, key: ScopeKey) -> Mode:
        """The same of what a function gives that keeps nothing of it."""
        scope = self.ev.project.scope(key)
        is_plain = isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not scope.node.decorator_list
        if not is_plain or scope.is_generator:
            return ""
        modes = {self._mode(returned_as_made(value, scope), scope) for value in scope.returns}
        return modes.pop() if len(modes) == 1 else ""

    def _connects(self, node: ast.Call, scope: Scope) -> bool:
        """Whether what is called is ``connect``, under whatever name it was imported."""
        found = callees_of(self.ev, node, scope) if isinstance(node.func, ast.Name) else ()
        names = [one.name.rpartition(".")[2] for one in found if isinstance(one, LibraryName)]
        return last_name(node.func) == _CONNECT or _CONNECT in names

    def _is_foreign(self, node: ast.Call, scope: Scope) -> bool:
        """Whether a call is one of a library of which poolint has no model."""
        for one in callees_of(self.ev, node, scope):
            root = one.name.partition(".")[0] if isinstance(one, LibraryName) else ""
            if not root or root in sys.stdlib_module_names or root in self.ev.models.roots:
                return False
        return True


def _is_connection(name: str, scope: Scope) -> bool:
    """Whether a function uses all of the protocol on a local name, and no inner function has it."""
    if any(inner is not scope for inner, _ in reads_of(name, scope)):
        return False
    given = (parent_of(one.value) for one in scope.bindings.get(name, ()) if one.value is not None)
    named = (one for one in given if isinstance(one, ast.NamedExpr))  # `(conn := connect(dsn)).cursor()`
    called: dict[str, ast.expr] = {_method(one): one for one in (*scope.loads.get(name, ()), *named)}
    if _CURSOR not in called:
        return False
    words = {"commit"} & called.keys()
    for own, bound in scope.bindings.items():
        if any(one.value is not None and called[_CURSOR] in ast.walk(one.value) for one in bound):
            words |= {_method(load) or (_PASSED if call_taking(load) else "") for load in scope.loads.get(own, ())}
    return not words.isdisjoint(_EXECUTES) and not words.isdisjoint(_GIVES | {"commit", _PASSED})


def _method(load: ast.expr) -> str:
    """The method that is called on a name where it stands; empty where none is."""
    call = method_call(load)
    return last_name(call.func) if call is not None else ""


DETECTOR = Detector(
    "drivers",
    lambda services: Drivers(services).observe,
    of="functions",
    calls=lambda _: {_CURSOR},
    thorough=True,
)
