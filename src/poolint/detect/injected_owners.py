"""Observations about objects of the project that have a pool of their own and are dependencies of requests: a framework makes one
for each, and nobody closes it.

It is told where it is decided: in the function that makes such an object for the framework, or in the constructor of a class that
is a dependency itself.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.kept_results import is_result_kept
from poolint.analyses.repetition import Repetition
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.factories import makers
from poolint.detect.per_call import OwnerForEachCall, Owners
from poolint.frameworks.injected import marks, takers
from poolint.syntax.expressions import without_await
from poolint.syntax.surroundings import may_await

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.per_call import Owner
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class InjectedOwners:
    """Observes the functions of one project."""

    def __init__(self, owners: Owners) -> None:
        self.ev: Evaluator = owners.ev
        self._owners = owners
        self._ends = self.ev.models.words("shuts-down")

    def observe(self, scope: Scope) -> Iterator[OwnerForEachCall]:
        """What is made for each request by ``scope``, which gives it or is the constructor of its class, and closed by nobody."""
        found = self._made_by(scope)
        if found is None:
            return
        owner, node, provider = found
        mark = self._forgotten(owner, provider)
        if mark is None:
            return
        path = (
            waypoint("has-own-pool", owner.made, owner.scope.module, owner.name),
            waypoint("made-for-each-request", mark[0], mark[1].module),
        )
        closer = min(owner.closers, key=lambda one: (one not in self._ends, one), default="")
        where = (node, scope.qualified_name, may_await(node, scope))
        yield OwnerForEachCall(*where, "", owner.name, closer, Repetition("request"), path)

    def _made_by(self, scope: Scope) -> tuple[Owner, ast.Call, Scope] | None:
        """The object that a function makes or completes, the call by which that is told, and what a marker would name."""
        cls = scope.enclosing_class
        if cls is not None:
            owner = self._owners.of_class(self.ev.class_object(cls)) if scope.name == "__init__" else None
            return (owner, owner.made, cls) if owner is not None and owner.scope is scope else None
        made = without_await(scope.returns[0]) if len(scope.returns) == 1 else None
        if not isinstance(made, ast.Call) or scope.is_generator or getattr(scope.node, "decorator_list", None):
            return None
        owner = self._owners.made(made, scope)
        return (owner, made, scope) if owner is not None and not is_result_kept(self.ev, scope) else None

    def _forgotten(self, owner: Owner, provider: Scope) -> tuple[ast.Call, Scope] | None:
        """The first marker by which somebody asks for it who uses it; None where anybody may close or keep it."""
        first = None
        for mark, inner in marks(self.ev, provider):
            for name, function in takers(self.ev, mark, inner):
                if not function.loads.get(name):
                    continue
                if not self._owners.is_forgotten(owner, self._owners.used(name, function)):
                    return None
                first = first or (mark, inner)
        return first


DETECTOR = Detector(
    "injected-owners",
    lambda services: (
        InjectedOwners(
            Owners(services.evaluator, services.ownership, services.graphs, services.evaluator.models.derived(makers))
        ).observe
    ),
    of="functions",
)
