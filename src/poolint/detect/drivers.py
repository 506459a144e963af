"""Observations about connections of drivers that have no model, known by the protocol that all drivers share: what
``connect`` gives has a ``cursor()``, and that executes statements and gives rows, or the connection commits.

Nobody knows what else such a driver does, so what becomes of its connections is told as possible only.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.lifetimes.acquisitions import Site
from poolint.analyses.lifetimes.destinations import target_of
from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakedCheckout
from poolint.flow.cfg import TooComplex
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.call_sites import CallSite, callees_of, receiver_text
from poolint.types.values import LibraryName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.checkouts import Lifetimes
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_CONNECT, _CURSOR, _EXECUTES = "connect", "cursor", frozenset({"execute", "executemany"})
_GIVES = frozenset({"fetchone", "fetchall", "fetchmany"})
"""The protocol of PEP 249."""


class Drivers:
    """Observes what becomes of such connections."""

    def __init__(self, ev: Evaluator, lifetimes: Lifetimes) -> None:
        self.ev = ev
        self._lifetimes = lifetimes

    def observe(self, scope: Scope) -> Iterator[LeakedCheckout]:
        """The connections that a function makes and leaves open."""
        for node in scope.calls_named({_CONNECT}):
            parent = parent_of(node)
            value: ast.expr = parent if isinstance(parent, ast.Await) else node
            name = target_of(parent_of(value), value, scope)
            if not name or not self._is_foreign(node, scope) or not _is_connection(name, scope):
                continue
            cls = self.ev.models.classes[f"poolint.evidence.{'Async' if value is parent else 'Sync'}Driver"]
            qualified = self.ev.qualified_name(self.ev.type_of(node.func, scope))
            fact = CallSite(node, qualified, receiver_text(node, scope))
            try:
                found = self._lifetimes.followed(Site(node, value, value, name, fact, cls), scope)
            except TooComplex:
                continue
            if isinstance(found, LeakedCheckout):
                yield msgspec.structs.replace(found, is_possible=True)

    def _is_foreign(self, node: ast.Call, scope: Scope) -> bool:
        """Whether a call is one of a library of which poolint has no model."""
        for one in callees_of(self.ev, node, scope):
            root = one.name.partition(".")[0] if isinstance(one, LibraryName) else ""
            if not root or root in sys.stdlib_module_names or root in self.ev.models.roots:
                return False
        return True


def _is_connection(name: str, scope: Scope) -> bool:
    """Whether a function uses all of the protocol on a local name, and no inner function has it."""
    uses = list(reads_of(name, scope))
    if any(inner is not scope for inner, _ in uses):
        return False
    called = {_method(load): load for _, load in uses}
    if _CURSOR not in called:
        return False
    words = {"commit"} & called.keys()
    for own, bound in scope.bindings.items():
        if any(one.value is not None and called[_CURSOR] in ast.walk(one.value) for one in bound):
            words |= {_method(load) for load in scope.loads.get(own, ())}
    return not words.isdisjoint(_EXECUTES) and not words.isdisjoint(_GIVES | {"commit"})


def _method(load: ast.expr) -> str:
    """The method that is called on a name where it stands; empty where none is."""
    read = parent_of(load)
    call = parent_of(read) if isinstance(read, ast.Attribute) else None
    return read.attr if isinstance(read, ast.Attribute) and isinstance(call, ast.Call) and call.func is read else ""


DETECTOR = Detector(
    "drivers",
    lambda services: Drivers(services.evaluator, services.lifetimes).observe,
    of="functions",
    calls=lambda _: {_CONNECT},
    thorough=True,
)
