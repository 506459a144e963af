"""Parts of which nobody knows which class they are: an interface that several classes fill, or that none does.

``self.work.commit()``, where one of the classes behind ``self.work`` ends a session that it has been given, may end the one
that ``self.orders`` works on, and it is taken to do so. Of an interface that nobody fills a container may have given the
session itself, where that has all of the methods.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import ENDING_ROLES
from poolint.syntax.scopes import Scope
from poolint.types.members import lineage
from poolint.types.overrides import Heirs, is_left_open, open_methods
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.places import Places
    from poolint.models.schema import Class


class UnknownParts:
    """Answers for the functions of one project. ``ends`` says which of them may end the use of a session."""

    def __init__(self, places: Places, ends: Effects) -> None:
        self.ev = places.ev
        self.places = places
        self.ends = ends
        self._heirs = self.ev.derived(Heirs)

    def ended_by(self, call: ast.Call, scope: Scope) -> Iterator[str]:
        """The places of the sessions that a call of a method may end."""
        function = call.func
        if isinstance(function, ast.Attribute) and (given := self.places.parts.given_in(scope)):
            for one in alternatives(self.ev.type_of(function, scope)):
                if isinstance(one, Function) and self._may_end(one, given):
                    yield from given

    def ended_with(self, header: ast.expr, scope: Scope) -> Iterator[str]:
        """The same for a block that enters such a part."""
        given = self.places.parts.given_in(scope) if isinstance(header, (ast.Name, ast.Attribute)) else {}
        for one in alternatives(self.ev.type_of(header, scope)) if given else ():
            for name in ("__exit__", "__aexit__") if isinstance(one, Instance) and one.base is None else ():
                method = self.ev.type_of_member(one, name)
                if isinstance(method, Function) and self._may_end(method, given):
                    yield from given

    def _may_end(self, method: Function, given: dict[str, Class]) -> bool:
        if not is_left_open(method.scope):
            return False
        written = self._heirs.written(method)
        if written:
            return any(self.ends.of_function(one) is not None and self._has_any(one) for one in written)
        owner = method.receiver
        if not isinstance(owner, Instance):
            return False
        names = {one.name for cls in lineage(self.ev, owner) for one in open_methods(cls)}
        return any(self._is_one(kind, names, method.scope.name) for kind in given.values())

    def _has_any(self, method: Scope) -> bool:
        """Whether the objects whose method this is may have a session of others: what only makes its own ends no other."""
        cls = method.enclosing_class
        return cls is None or bool(self.places.kept_by_parts(self.ev.class_object(cls).instance()))

    def _is_one(self, kind: Class, names: set[str], called: str) -> bool:
        """Whether a session of some class has the methods of an interface, and ends its use by one of them."""
        rows = {name: self.ev.models.method(kind, name) for name in names}
        row = rows.get(called)
        return row is not None and row.role in ENDING_ROLES and None not in rows.values()
