"""Observations about sessions and connections that a function puts on a class, for all who use that, and that nobody ends."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.destinations import given, given_target
from poolint.analyses.lifetimes.state import CLOSED
from poolint.detect.detector import Detector
from poolint.detect.owners import LongLived, lent_role, plain_role
from poolint.models.schema import HANDLES
from poolint.syntax.scopes import Scope, parent_of, reads_of
from poolint.syntax.surroundings import may_await, with_await
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.detect.observation import Observation
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator

_ASKING = (ast.Compare, ast.If, ast.IfExp, ast.UnaryOp, ast.While)
"""What stands around something that is asked for: whether it is there."""
_CALLED = frozenset({"builtins.classmethod", "builtins.staticmethod"})
"""Decorators of methods that are called as they stand."""
_MAX_STEPS = 3
"""Functions and names that what a class keeps is followed through."""


def observe(ownership: Ownership, scope: Scope) -> Iterator[Observation]:
    """What ``scope`` puts on a class of the project, and all who read it there only use."""
    ev = ownership.ev
    for node in scope.calls:
        target = given_target(value := given(ev, node, scope))
        owner = _class(ev, target.value, scope) if isinstance(target, ast.Attribute) else None
        if owner is None or not isinstance(target, ast.Attribute):
            continue
        found = checkout(ev, node, value, scope)
        if found is None or found[1].kind not in HANDLES or found[1].embedded:
            continue
        users = _Users(ownership, owner, found[1])
        if all(users.only_use(read, inner, _MAX_STEPS) for read, inner in users.reads(target.attr)):
            where = (node, scope.qualified_name, may_await(node, scope))
            yield LongLived(*where, found[0], found[1], target.attr, "class-attribute")


def _class(ev: Evaluator, node: ast.expr, scope: Scope) -> Scope | None:
    """The class of the project that an expression is: ``cls``, ``Orders``, ``type(self)``."""
    if isinstance(node, ast.Name) and node.id == "self":
        return None
    found = alternatives(ev.type_of(node, scope))
    one = found[0] if len(found) == 1 else None
    return one.cls if isinstance(one, ClassObject) and isinstance(one.cls, Scope) else None


class _Users:
    """Those who use what a class keeps, of some class of resources."""

    def __init__(self, ownership: Ownership, owner: Scope, cls: Class) -> None:
        self._ownership = ownership
        self._ev = ownership.ev
        self._owner = owner
        self._cls = cls
        self._ends = self._ev.models.words("gives-back", "removes")

    def reads(self, attribute: str) -> Iterator[tuple[ast.Attribute, Scope]]:
        """Where the class, one of its objects or one below it is asked for an attribute, and where what nobody knows has one of
        this name ended."""
        own, project = self._owner.module, self._ev.project
        for path in dict.fromkeys((own.path, *project.saying(attribute, own))):
            module = project.module(path)
            for inner in module.scope.descendants() if module is not None else ():
                for node in inner.attributes:
                    is_read = node.attr == attribute and isinstance(node.ctx, ast.Load)
                    if is_read and self._may_be_of_it(node, inner):
                        yield node, inner

    def _may_be_of_it(self, read: ast.Attribute, scope: Scope) -> bool:
        of = [
            one for one in alternatives(self._ev.type_of(read.value, scope)) if isinstance(one, (ClassObject, Instance))
        ]
        if of:
            return any(one.cls is not one.base and self._owner in lineage(self._ev, one) for one in of)
        asked = parent_of(read)
        return isinstance(asked, ast.Attribute) and asked.attr in self._ends

    def only_use(self, use: ast.expr, scope: Scope, steps: int) -> bool:
        """Whether all that is done with it there, and by those who get it from there, is to use it."""
        parent = parent_of(use)
        if isinstance(parent, _ASKING):
            return True
        if isinstance(parent, ast.Return):
            is_called = decorators(self._ev, scope) <= _CALLED and steps > 0
            return is_called and all(self.only_use(*one, steps - 1) for one in self._calls_of(scope))
        if isinstance(parent, ast.Assign) and parent.value is use:
            name = parent.targets[0].id if isinstance(parent.targets[0], ast.Name) else ""
            is_own = bool(name) and len(parent.targets) == 1 and name not in scope.globals
            return is_own and steps > 0 and all(self.only_use(one, at, steps - 1) for at, one in reads_of(name, scope))
        if isinstance(parent, ast.Attribute) and parent.attr in CLOSED:
            return True
        return bool(plain_role(self._ev, use, self._cls) or lent_role(self._ownership, use, scope, self._cls))

    def _calls_of(self, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """What a function gives its callers, as these have it."""
        for call, around in self._ev.callers.of(scope):
            yield with_await(call), around


DETECTOR = Detector("kept-by-classes", lambda services: partial(observe, services.ownership), of="functions", near=True)
