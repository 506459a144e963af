"""Observations about connections of drivers that have no model, known by the protocol that all drivers share: what
``connect`` gives has a ``cursor()``, and that executes statements and gives rows, or the connection commits.

A function of the project that does no more than to make one and to give it is as good as ``connect`` itself. Nobody knows what
else such a driver does, so what becomes of its connections is told as possible only.
"""

from __future__ import annotations

import ast
import sys
from operator import or_
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
from poolint.syntax.scopes import is_parameter, parent_of, reads_of, returned_as_made
from poolint.syntax.surroundings import call_taking, method_call
from poolint.types.arguments import parameter_for
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
        self._working: Summaries[tuple[ScopeKey, str], bool] = Summaries(
            "works-with-connection", self._works, bottom=False, join=or_, components=services.components
        )

    def observe(self, scope: Scope) -> Iterator[LeakedCheckout]:
        """The connections that a function makes and leaves open."""
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                value = bound_value(binding)
                node = without_await(value)
                if value is None or not isinstance(node, ast.Call) or not _may_be_connection(name, scope):
                    continue
                mode = self._mode(value, scope) if target_of(parent_of(value), value, scope) == name else ""
                if mode and self._is_connection(name, scope):
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

    def _is_connection(self, name: str, scope: Scope) -> bool:
        """Whether a function uses all of the protocol on a local name, itself or by a function of the project that it passes this
        to, and no inner function has it."""
        if any(inner is not scope for inner, _ in reads_of(name, scope)):
            return False
        called: dict[str, ast.expr] = {_method(one): one for one in _uses(name, scope)}
        if _CURSOR not in called:
            return any(self._is_worked_with(taking, load, scope) for load, taking in _passed(name, scope))
        words = {"commit"} & called.keys()
        for own, bound in scope.bindings.items():
            if any(one.value is not None and called[_CURSOR] in ast.walk(one.value) for one in bound):
                words |= {_method(load) or (_PASSED if call_taking(load) else "") for load in scope.loads.get(own, ())}
        return not words.isdisjoint(_EXECUTES) and not words.isdisjoint(_GIVES | {"commit", _PASSED})

    def _is_worked_with(self, taking: tuple[ast.Call, str | None], load: ast.expr, scope: Scope) -> bool:
        """Whether the function of the project that a connection is passed to uses the protocol."""
        callees = callees_of(self.ev, taking[0], scope)
        one = callees[0] if len(callees) == 1 else None
        if not isinstance(one, Function) or one.scope.kind != "function":
            return False
        name = parameter_for(one, taking[0], load, taking[1])
        return name is not None and self._working.of((one.scope.key, name))

    def _works(self, key: tuple[ScopeKey, str]) -> bool:
        """The same of a parameter of a function."""
        scope = self.ev.project.scope(key[0])
        return is_parameter(key[1], scope) and self._is_connection(key[1], scope)

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


def _may_be_connection(name: str, scope: Scope) -> bool:
    """Whether a cursor is asked of a local name, or that is passed on."""
    return any(_method(one) == _CURSOR or call_taking(one) for one in _uses(name, scope))


def _uses(name: str, scope: Scope) -> Iterator[ast.expr]:
    """Where a function has what a local name holds."""
    yield from scope.loads.get(name, ())
    given = (parent_of(one.value) for one in scope.bindings.get(name, ()) if one.value is not None)
    yield from (one for one in given if isinstance(one, ast.NamedExpr))  # `(conn := connect(dsn)).cursor()`


def _passed(name: str, scope: Scope) -> Iterator[tuple[ast.expr, tuple[ast.Call, str | None]]]:
    """Where a local name is passed to a call."""
    for load in scope.loads.get(name, ()):
        if (taking := call_taking(load)) is not None:
            yield load, taking


def _method(load: ast.expr) -> str:
    """The method that is called on a name where it stands; empty where none is."""
    call = method_call(load)
    return last_name(call.func) if call is not None else ""


DETECTOR = Detector(
    "drivers",
    lambda services: Drivers(services).observe,
    of="functions",
    thorough=True,
)
