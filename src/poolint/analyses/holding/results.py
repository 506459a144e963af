"""What a function returns on each of its ways, as far as a test of that tells them apart: ``if found``, ``if found is None``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.flow.flags import asks_none
from poolint.flow.liveness import bound_by
from poolint.syntax.expressions import unnegated
from poolint.types.plain import is_builtin

if TYPE_CHECKING:
    from poolint.flow.cfg import Edge
    from poolint.syntax.scopes import Scope

_MOST = 3
"""Of how many returned names it is kept what tests say of them: each may double the ways that differ."""

Result = Literal["true", "false", "some", "none"]
"""How what a function returns comes out where it is asked for: by its truth, or by whether it is None; ``some`` if not."""


class Returned:
    """Which ways of a function may give a result that is asked for."""

    def __init__(self, result: Result, scope: Scope) -> None:
        self._result = result
        names = {one.id for one in scope.returns if isinstance(one, ast.Name)}
        is_told = result in ("false", "none") and len(names) <= _MOST
        self._named = names if is_told else frozenset[str]()
        # A row is there or is None, and who asks for the truth of it asks for that; a number may be nought, a list empty.
        declared = getattr(scope.node, "returns", None)
        self._asks_for_none = result == "none" or declared is None or not is_builtin(declared)

    def may_be(self, told: str, others: frozenset[str]) -> bool:
        """Whether what a way gives back may be the result: this constant, if it is one, or a name that may be among others."""
        if not told:
            return not others
        if self._result in ("true", "false"):
            return (told in _FALSE) is (self._result == "false")
        return (told == NOTHING) is (self._result == "none")

    def others_after(self, edge: Edge, others: frozenset[str]) -> frozenset[str]:
        """Of which names that are returned it is known that they are not the result, when an edge is taken; where something
        has been returned, of that."""
        event = edge.source
        if event.kind == "return":
            value = event.node.value if isinstance(event.node, ast.Return) else None
            return others & {value.id} if isinstance(value, ast.Name) else frozenset()
        if not self._named:
            return others
        said = self._said_other(edge)
        return others.difference(bound_by(event)) | ({said} if said else set())

    def _said_other(self, edge: Edge) -> str:
        """The name of which a test says that it is not the result, where an edge is taken."""
        if edge.truth is None or not isinstance(edge.test, ast.expr):
            return ""
        test, truth = unnegated(edge.test, edge.truth)
        if self._asks_for_none and isinstance(test, ast.Compare) and asks_none(test):
            truth = truth is isinstance(test.ops[0], ast.IsNot)
            test = test.left
        return test.id if truth and isinstance(test, ast.Name) and test.id in self._named else ""


NOTHING = ast.dump(ast.Constant(None))
"""What a function returns that comes to its end."""
_FALSE = frozenset(
    {ast.dump(ast.Constant(one)) for one in (None, False, 0, 0.0, "", b"")}
    | {ast.dump(ast.List([], ast.Load())), ast.dump(ast.Dict([], []))}
)


def constant(value: ast.expr | None) -> str:
    """What tells a returned constant, nothing at all, or a tuple with a flag in it, from others; empty for anything else."""
    return (NOTHING if value is None else ast.dump(value)) if is_constant(value) else ""


def is_constant(value: ast.expr | None) -> bool:
    """Whether a returned value is a constant, nothing at all, or a tuple with a flag in it."""
    if isinstance(value, ast.Tuple):
        return any(is_constant(one) for one in value.elts)
    if isinstance(value, (ast.List, ast.Dict, ast.Set)):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return value is None or isinstance(value, ast.Constant)
