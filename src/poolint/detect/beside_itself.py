"""Observations about one session or connection in several calls of a function that a framework makes at once.

What a run of an agent hands to all calls of tools is one object: each tool that works with a session of it does so beside
the others. So does one that has it from the function around it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import source_of
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.together import is_serialised
from poolint.flow.flags import name_of
from poolint.frameworks.hooks import decorating
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site
from poolint.types.members import lineage
from poolint.types.values import Holder, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.analyses.waypoints import Waypoint
    from poolint.models import schema
    from poolint.models.framework_rows import Hook
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class SharedByCalls(Observation, frozen=True, eq=False):
    """One session or connection that several calls of a function use at once, and others beside it. ``node`` uses it.

    ``resource`` is its name there, ``maker`` what decorates the function, at the first stop of ``path``.
    """

    resource: str
    cls: schema.Class
    maker: str
    path: tuple[Waypoint, ...]


class BesideItself:
    """Observes what the functions of one project use that a framework calls several times at once."""

    def __init__(self, ev: Evaluator, using: Using) -> None:
        self.ev = ev
        self.using = using

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The first use in ``scope`` of each session or connection that all its calls have."""
        if not getattr(scope.node, "decorator_list", None):
            return
        for hook, decorator in decorating(self.ev, scope):
            if hook.runs == "at-once" and not self._is_alone(hook, decorator, scope):
                yield from self._used(decorator, scope)
                return

    def _is_alone(self, hook: Hook, decorator: ast.expr, scope: Scope) -> bool:
        """Whether one call comes after the other: the decorator says so, or the project does, or a lock sees to it."""
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == hook.alone and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                return True
        if is_serialised(self.ev, scope):
            return True
        project, module = self.ev.project, scope.module
        root = project.root_of(module)
        return any(project.naming(word, root, module.path) for word in hook.in_turn)

    def _used(self, decorator: ast.expr, scope: Scope) -> Iterator[Observation]:
        handed = tuple(self._handed(scope))
        told: set[str] = set()
        for call in sorted(scope.calls, key=lambda one: (one.lineno, one.col_offset)):
            for place, cls in self._places(call, scope):
                root = place.partition(".")[0]
                is_handed = any(place == one or place.startswith(f"{one}.") for one in handed)
                if place in told or not (is_handed or self._is_around(root, scope)):
                    continue
                told.add(place)
                maker = name_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
                path = (waypoint("called-at-once", decorator, scope.module, maker),)
                where = (call, scope.qualified_name, may_await(call, scope))
                yield SharedByCalls(*where, place, cls, maker, path)

    def _handed(self, scope: Scope) -> Iterator[str]:
        """What is one object for all calls: the attributes of what a framework hands them."""
        for name, bindings in scope.bindings.items():
            if len(bindings) == 1 and bindings[0].kind == "parameter":
                for one in alternatives(self.ev.scope_name(name, scope)):
                    if isinstance(one, Holder):
                        yield from (f"{name}.{attribute}" for attribute, _ in one.members)

    def _is_around(self, name: str, scope: Scope) -> bool:
        """Whether a name is one of the function around, which has it for all calls."""
        around = scope.parent
        return (
            name not in scope.bindings and around is not None and around.kind == "function" and name in around.bindings
        )

    def _places(self, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The asynchronous sessions and connections that a call uses, itself or by a function of the project."""
        root = source_of(self.ev, call, scope)
        name = name_of(root) if root is not None else ""
        cls = kept_class(self.ev.type_of(root, scope)) if name and root is not None else None
        fact = call_site(self.ev, call, scope) if cls is not None else None
        if cls is not None and fact is not None and root is not None:
            if cls.mode == "async" and fact.role in REACHING_ROLES and not self._is_made_anew(root, scope):
                yield self.using.places.first(name, scope), cls
            return
        yield from ((place, one) for place, one in self.using.of_call(call, scope).items() if one.mode == "async")

    def _is_made_anew(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an attribute on the way is a property: what it gives may be another one each time."""
        while isinstance(node, ast.Attribute):
            for one in alternatives(self.ev.type_of(node.value, scope)):
                for cls in lineage(self.ev, one) if isinstance(one, Instance) else ():
                    if any(each.kind == "function" for each in cls.bindings.get(node.attr, ())):
                        return True
            node = node.value
        return False


DETECTOR = Detector(
    "beside-itself",
    lambda services: BesideItself(services.evaluator, services.at_once).observe,
    of="coroutines",
)
