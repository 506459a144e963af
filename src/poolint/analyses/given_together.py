"""Parts of an object that share a session because everybody who makes such an object passes them so.

``Orders(OrderStore(session), session)``: the session of the store is that of the object, wherever one is made, so
``self.store.session`` in its methods is ``self.session``. One place that passes two, or of which that is not known, and
nothing is said.

Parts that an object is given by a container, or by who has been given them, work on one session: ``self.orders`` and
``self.work`` of a use case, of which ``self.work.commit()`` ends what ``self.orders.find()`` has begun. That there are two
is to be shown by who makes them.
"""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to
from poolint.flow.flags import name_of
from poolint.models.schema import SESSIONS
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import Scope
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poolint.analyses.places import Places
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_MAX_MAKERS = 24
"""Places at which objects of one class are made; real services are made at one or two."""


_UNREAD = 1_000_000
"""Where a part stands that is not read at all: behind all that are."""


class GivenTogether:
    """Answers for the classes of one project, by the ``places`` of what is passed to them."""

    def __init__(self, places: Places) -> None:
        self.ev = places.ev
        self.places = places
        self._known: dict[tuple[Scope, str, str], str] = {}
        self._finding: set[tuple[Scope, str, str]] = set()
        self._parts: dict[object, dict[str, Class]] = {}
        self._passing: dict[object, tuple[object, ...]] = {}

    def same(self, cls: Scope, name: str, rest: str) -> str:
        """``session`` for ``store`` and ``session``, where all that make an object of ``cls`` pass it a store with the
        session that they pass as well; empty where that is not known."""
        key = (cls, name, rest)
        found = self._known.get(key)
        if found is not None or key in self._finding:
            return found or ""
        self._finding.add(key)
        found = self._same(cls, name, rest)
        self._finding.discard(key)
        if not self._finding and self.ev.is_idle:
            self._known[key] = found
        return found

    def _same(self, cls: Scope, name: str, rest: str) -> str:
        init, parameter = _set_from(cls, name)
        if init is None or self.ev.project.heirs(cls.name, cls.module):
            return ""
        others = dict(self._sessions(cls, init, parameter))
        makers = list(self._makers(init)) if others else []
        if not 0 < len(makers) <= _MAX_MAKERS:
            return ""
        for call, scope in makers:
            given = bound_to(init, call, is_method=True)
            place = self._place(given.get(parameter), rest, scope)
            others = {
                other: passed
                for other, passed in others.items()
                if place and self._place(given.get(passed), "", scope) == place
            }
        return next(iter(others), "")

    # Parts that are given

    def of_parts(self, owner: Instance, path: str, read: Mapping[str, int]) -> str:
        """The session at a path from an object by the path that stands for all of the same: of what the parts of the
        object have been given the one that is nearest, or of which the part is ``read`` first."""
        given = self._given(owner)
        kind = given.get(path)
        if kind is None:
            return path
        found = [one for one, each in given.items() if each is kind and self._may_be_one(owner, one, path)]
        return min(found, key=lambda one: (read.get(one.partition(".")[0], _UNREAD), one.count("."), one))

    def _given(self, owner: Instance) -> dict[str, Class]:
        """The sessions that an object has been given from outside, itself or with its parts, by their paths."""
        found = self._parts.get(owner.key)
        if found is None:
            kept = self.places.kept_by_parts(owner)
            found = {path: one for path, one in kept.items() if one.kind in SESSIONS and self._is_given(owner, path)}
            if len(found) == 1 or self.ev.project.heirs(owner.cls.name, owner.cls.module):  # type: ignore[union-attr]
                found = {}
            if self.ev.is_idle:
                self._parts[owner.key] = found
        return found

    def _is_given(self, owner: Instance, path: str) -> bool:
        """Whether what is at a path from an object has been passed from outside at each step."""
        one: Instance | None = owner
        for name in path.split("."):
            if one is None or not is_given(self.ev, one, name):
                return False
            one = instance_of(self.ev.type_of_member(one, name))
        return True

    def _may_be_one(self, owner: Instance, one: str, other: str) -> bool:
        """Whether nobody who makes such an object shows that he passes two sessions."""
        if one == other:
            return True
        pairs = zip(self._shown(owner, one), self._shown(owner, other), strict=True)
        return all(a == b or not (a and b) for a, b in pairs)

    def _shown(self, owner: Instance, path: str) -> tuple[object, ...]:
        """Which session is at a path from an object, by each call that makes such an object; empty where it does not show."""
        key = (owner.key, path)
        found = self._passing.get(key)
        if found is None:
            assert isinstance(owner.cls, Scope)
            makers = islice(self._made(owner.cls), _MAX_MAKERS)
            found = tuple(self._passed(owner.cls, call, path, scope) for call, scope in makers)
            if self.ev.is_idle:
                self._passing[key] = found
        return found

    def _made(self, cls: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """Where objects of a class are made, but for tests."""
        init = next((one for one in cls.children if one.name == "__init__"), None)
        for call, scope in self.ev.callers.of(init) if init is not None else self.ev.callers.making(cls):
            if not is_test(scope.module, self.ev.project):
                yield call, scope

    def _passed(self, cls: Scope, call: ast.Call, path: str, scope: Scope) -> object:
        """Which session a call passes at a path: its name, or the call that makes the part with one of which the name is not
        known."""
        name, _, rest = path.partition(".")
        init, parameter = _set_from(cls, name)
        given = bound_to(init, call, is_method=True) if init is not None else self.places.for_fields(cls, call)
        value = given.get(parameter or name)
        place = self._place(value, rest, scope)
        if place:
            return "" if "." in place else place
        if not isinstance(value, ast.Call) or self.places.made(value, scope):
            return ""
        found = alternatives(self.ev.type_of(value.func, scope))
        return value if any(isinstance(one, ClassObject) for one in found) else ""

    # What is made with a session

    def _sessions(self, cls: Scope, init: Scope, but: str) -> Iterator[tuple[str, str]]:
        """The sessions and connections that an object is passed itself, each with the parameter."""
        for path in self.places.kept(self.ev.class_object(cls).instance()):
            where, parameter = _set_from(cls, path) if "." not in path else (None, "")
            if where is init and parameter != but:
                yield path, parameter

    def _makers(self, init: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """Where such objects are made, but for tests, which put others in the places of real ones."""
        for call, scope in self.ev.callers.of(init):
            if not is_test(scope.module, self.ev.project):
                yield call, scope

    def _place(self, value: ast.expr | None, path: str, scope: Scope) -> str:
        """The one name of what is at a path from an argument."""
        if value is None:
            return ""
        name = name_of(value)
        if not name:
            place = self.places.made(value, scope).get(path, "")
            return _as_passed(self.places.first(place, scope), scope) if place else ""
        return _as_passed(self.places.first(f"{name}.{path}" if path else name, scope), scope)


def is_given(ev: Evaluator, owner: Instance, name: str) -> bool:
    """Whether a member of an object is what was passed when it was made: set from a parameter, or a field."""
    for cls in lineage(ev, owner):
        if name in cls.self_assignments:
            return _set_from(cls, name)[0] is not None
        if name in cls.bindings:
            bindings = cls.bindings[name]
            return len(bindings) == 1 and bindings[0].kind == "annotated" and bindings[0].value is None
    return False


def instance_of(one: Type) -> Instance | None:
    """The one object of the project that a value is."""
    found = alternatives(one)
    first = found[0] if len(found) == 1 else None
    return first if isinstance(first, Instance) else None


def _set_from(cls: Scope, name: str) -> tuple[Scope | None, str]:
    """The ``__init__`` that sets an attribute, which nothing else does, and the parameter that it sets it from."""
    bindings = cls.self_assignments.get(name, [])
    if len(bindings) != 1 or bindings[0].index >= 0:
        return None, ""
    init, value = bindings[0].scope, bindings[0].value
    if init is None or init.name != "__init__" or not isinstance(value, ast.Name):
        return None, ""
    return (init, value.id) if _is_parameter(init.bindings.get(value.id, ())) else (None, "")


def _is_parameter(bindings: Sequence[Binding]) -> bool:
    return len(bindings) == 1 and bindings[0].kind == "parameter"


def _as_passed(place: str, scope: Scope) -> str:
    """``session`` for ``self.session`` in an ``__init__`` that has just set that from its parameter."""
    root, _, path = place.partition(".")
    attribute, dot, rest = path.partition(".")
    if root != "self" or scope.enclosing_class is None:
        return place
    init, parameter = _set_from(scope.enclosing_class, attribute)
    return f"{parameter}{dot}{rest}" if init is scope else place
