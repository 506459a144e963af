"""Routers of a web framework: what they are taken in by, wherever that stands, and what is said of them there.

A router and an application are known by the call that makes them. Which calls take in what is a summary of each module.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import CallKey
from poolint.types.following import origin

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

K = TypeVar("K")


class Routers:
    """Answers for the routers of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._including = sorted({one.includes for one in ev.models.injections.values()} - {""})
        self._taken_in: Summaries[str, tuple[tuple[CallKey, CallKey], ...]] = Summaries(
            "taken-in", self._of_module, bottom=(), join=_both
        )
        self._around: Summaries[CallKey, tuple[CallKey, ...]] = Summaries(
            "around-router", self._of_router, bottom=(), join=_both
        )

    def around(self, router: ast.expr, scope: Scope) -> list[tuple[ast.Call, Scope]]:
        """The calls that say something of a router, from the outside inwards, each with its scope: those that make what it is
        taken in by, those that take it in, and the one that makes it."""
        made = origin(self.ev, router, scope)
        if not isinstance(made.node, ast.Call):
            return []
        return [self.ev.project.call(one) for one in self._around.of(CallKey.of(made.node, made.scope))]

    def _of_router(self, key: CallKey) -> tuple[CallKey, ...]:
        _, scope = self.ev.project.call(key)
        found: list[CallKey] = []
        for name in self._including:
            for path in dict.fromkeys(path for path, _ in self.ev.project.calling(name, scope.module)):
                for call, taken in self._taken_in.of(path):
                    if taken == key:
                        found += self._owners(call)
        return (*dict.fromkeys(found), key)

    def _owners(self, key: CallKey) -> list[CallKey]:
        """What takes in a router by a call, as :meth:`around` has it, and then the call."""
        call, scope = self.ev.project.call(key)
        made = origin(self.ev, call.func.value, scope) if isinstance(call.func, ast.Attribute) else None
        if made is None or not isinstance(made.node, ast.Call):
            return [key]
        return [*self._around.of(CallKey.of(made.node, made.scope)), key]

    def _of_module(self, path: str) -> tuple[tuple[CallKey, CallKey], ...]:
        """The calls of a module that take in a router, each with the call that makes the router."""
        module = self.ev.project.module(path)
        found: list[tuple[CallKey, CallKey]] = []
        for scope in module.scope.descendants() if module is not None else ():
            for name in self._including:
                for call in scope.calls_of(name):
                    made = origin(self.ev, call.args[0], scope) if call.args else None
                    if made is not None and isinstance(made.node, ast.Call):
                        found.append((CallKey.of(call, scope), CallKey.of(made.node, made.scope)))
        return tuple(found)


def _both(one: tuple[K, ...], other: tuple[K, ...]) -> tuple[K, ...]:
    return (*one, *(each for each in other if each not in one))
