"""Parts that have been given to an object, or to a function, and work on one session.

``self.orders`` and ``self.work`` of a use case come from a container, or from who has been given them: what
``self.orders.find()`` begins, ``self.work.commit()`` ends. The same goes for the parameters of a handler. That there are two
sessions is to be shown by who makes the object, or calls the function.
"""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import bound_to
from poolint.analyses.given_together import MAX_MAKERS, GivenTogether, is_only_parameter, set_from
from poolint.models.schema import HANDLES, SESSIONS
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import Scope
from poolint.types.call_sites import callees_of
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, ClassObject, Instance, LibraryFunction, LibraryMethod, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.analyses.places import Places
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_UNREAD = 1_000_000
"""Where a part stands that is not read at all: behind all that are."""


class _Passed(NamedTuple):
    """What a call passes at a path: ``what`` it is, None where that does not show, whether the function around makes that itself,
    for a block, and whether it comes to it in something that it has been passed in turn."""

    what: object = None
    is_made: bool = False
    is_from_outside: bool = False

    def is_other(self, one: _Passed) -> bool:
        """Whether two of one call are shown to be two: what is made there has not been in anything before."""
        if self.what is not None and one.what is not None:
            return self.what != one.what
        return (self.is_made and one.is_from_outside) or (one.is_made and self.is_from_outside)


class GivenParts:
    """Answers for the classes and functions of one project, by the ``places`` of what is passed to them."""

    def __init__(self, places: Places, together: GivenTogether) -> None:
        self.ev = places.ev
        self.places = places
        self._together = together
        self._groups: dict[object, dict[str, tuple[str, ...]]] = {}
        self._given: dict[Scope, dict[str, Class]] = {}
        self._passing: dict[object, tuple[_Passed, ...]] = {}
        self._read: dict[tuple[Scope, str], dict[str, int]] = {}

    def first(self, root: str, path: str, owner: Instance, scope: Scope) -> str:
        """The place that stands for all of the same session as the one at a path from an object: the one of which a part is
        read first in a function, or else that is nearest."""
        same = self.of_object(owner).get(path, ())
        found = f"{root}.{self._nearest(same, lambda: self._members_read(root, scope)) if same else path}"
        same = self.of_function(scope).get(found, ()) if scope.kind == "function" and root != "self" else ()
        return self._nearest(same, lambda: self._names_read(scope)) if same else found

    def _nearest(self, same: Sequence[str], read: Callable[[], dict[str, int]]) -> str:
        order = read() if len(same) > 1 else {}
        return min(same, key=lambda one: (order.get(one.partition(".")[0], _UNREAD), one.count("."), one))

    # What is given

    def of_object(self, owner: Instance) -> dict[str, tuple[str, ...]]:
        """The sessions that an object has been given from outside, itself or with its parts, by their paths: all paths that
        lead to the same one."""
        found = self._groups.get(owner.key)
        if found is None:
            assert isinstance(owner.cls, Scope)
            given = self._sessions_given(owner, self.places.kept_by_parts(owner))
            if len(given) < 2 or self.ev.project.heirs(owner.cls.name, owner.cls.module):
                given = {}
            names = dict.fromkeys(path.partition(".")[0] for path in given)
            parts = {name: self.ev.type_of_member(owner, name) for name in names}
            found = self._grouped(given, parts, owner.cls)
            if self.ev.is_idle:
                self._groups[owner.key] = found
        return found

    def of_function(self, scope: Scope) -> dict[str, tuple[str, ...]]:
        """The same for the objects that a function is passed, by the places of the sessions."""
        found = self._groups.get(scope)
        if found is None:
            given: dict[str, Class] = {}
            parts: dict[str, Type] = {}
            for name, bindings in scope.bindings.items():
                if not is_only_parameter(bindings) or bindings[0].annotation is None:
                    continue
                one = self.ev.scope_name(name, scope) if self.places.carrying.may_be(name, scope) else UNKNOWN
                owner = object_of(one)
                sessions = self._sessions_given(owner, self.places.kept(one)) if owner is not None else {}
                if sessions:
                    given.update({f"{name}.{path}": kind for path, kind in sessions.items()})
                    parts[name] = one
            found = self._grouped(given, parts, scope) if len(parts) > 1 else {}
            if self.ev.is_idle:
                self._groups[scope] = found
        return found

    def _grouped(self, given: dict[str, Class], parts: dict[str, Type], taking: Scope) -> dict[str, tuple[str, ...]]:
        """Those that may all be one. Where of three one may be either of two that are not, nobody knows which."""

        def may_be_one(one: str, other: str) -> bool:
            return given[one] is given[other] and self._may_be_one(one, other, parts, taking)

        near = {one: tuple(other for other in given if one == other or may_be_one(one, other)) for one in given}
        return {one: same for one, same in near.items() if len(same) > 1 and all(near[each] == same for each in same)}

    def _may_be_one(self, one: str, other: str, parts: dict[str, Type], taking: Scope) -> bool:
        """Whether nothing shows that two sessions which have been given are two: neither who has given them, nor that there
        are two of one class."""
        name, _, rest = one.partition(".")
        other_name, _, other_rest = other.partition(".")
        if name == other_name:
            owner = object_of(parts[name])
            return owner is not None and other_rest in self.of_object(owner).get(rest, ())
        if parts[name].key == parts[other_name].key:
            return False
        pairs = zip(self._shown(taking, one), self._shown(taking, other), strict=True)
        return not any(a.is_other(b) for a, b in pairs)

    def given_in(self, scope: Scope) -> dict[str, Class]:
        """The places of the sessions that a method finds in its object, and in what it is passed, where these have been given
        them from outside."""
        found = self._given.get(scope)
        if found is None:
            found = {}
            for name, bindings in scope.bindings.items() if scope.kind == "function" else ():
                if not is_only_parameter(bindings) or name not in self.places.carrying.carriers(scope):
                    continue
                owner = object_of(self.ev.scope_name(name, scope))
                if owner is None or not isinstance(owner.cls, Scope):
                    continue
                for path, kind in self._sessions_given(owner, self.places.kept_by_parts(owner)).items():
                    found[self.places.first(f"{name}.{path}", scope)] = kind
            if self.ev.is_idle:
                self._given[scope] = found
        return found

    def _sessions_given(self, owner: Instance, kept: dict[str, Class]) -> dict[str, Class]:
        """Those of what an object keeps that are sessions, and that it has been given from outside."""
        return {path: one for path, one in kept.items() if one.kind in SESSIONS and self._is_given(owner, path)}

    def _is_given(self, owner: Instance | None, path: str) -> bool:
        """Whether what is at a path from an object has been passed from outside at each step."""
        for name in path.split("."):
            if owner is None or not _is_set_from_outside(self.ev, owner, name):
                return False
            owner = object_of(self.ev.type_of_member(owner, name))
        return True

    # What is shown

    def _shown(self, taking: Scope, path: str) -> tuple[_Passed, ...]:
        """Which session each call passes at a path, which makes an object of a class or runs a function."""
        key = (taking, path)
        found = self._passing.get(key)
        if found is None:
            calls = islice(self._calls(taking), MAX_MAKERS)
            found = tuple(self._passed(taking, call, path, scope) for call, scope in calls)
            if self.ev.is_idle:
                self._passing[key] = found
        return found

    def _calls(self, taking: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        init = taking
        if taking.kind == "class":
            own = next((one for one in taking.children if one.name == "__init__"), None)
            if own is None:
                made = self.ev.callers.making(taking)
                yield from (one for one in made if not is_test(one[1].module, self.ev.project))
                return
            init = own
        yield from self._together.makers(init)

    def _passed(self, taking: Scope, call: ast.Call, path: str, scope: Scope) -> _Passed:
        """Which session a call passes at a path: its name, or the call that makes the part with one of which the name is not
        known."""
        name, _, rest = path.partition(".")
        if taking.kind == "function":
            given = bound_to(taking, call, is_method=taking.enclosing_class is not None)
        else:
            init, parameter = set_from(taking, name)
            given = bound_to(init, call, is_method=True) if init is not None else self.places.for_fields(taking, call)
            name = parameter or name
        value = given.get(name)
        place = self._together.place(value, rest, scope)
        if place:
            root, dot, _ = place.partition(".")
            bound = scope.bindings.get(root, ())
            is_made = not dot and bool(bound) and all(self._is_made(one, scope) for one in bound)
            return _Passed(None if dot else place, is_made, bool(dot) and is_only_parameter(bound))
        if not isinstance(value, ast.Call) or self.places.made(value, scope):
            return _Passed()
        found = callees_of(self.ev, value, scope)
        return _Passed(value if any(isinstance(one, ClassObject) for one in found) else None)

    def _is_made(self, binding: Binding, scope: Scope) -> bool:
        """Whether a name stands for what a library makes for a block: one of the project may lend what there was before."""
        made = binding.value if binding.kind == "with" else None
        found = callees_of(self.ev, made, scope) if isinstance(made, ast.Call) else ()
        return bool(found) and all(isinstance(one, (LibraryMethod, LibraryFunction, Instance)) for one in found)

    # What is read

    def _members_read(self, root: str, scope: Scope) -> dict[str, int]:
        """The members of an object that a function reads, each with its number in their order."""
        key = (scope, root)
        if key not in self._read:
            nodes = (one for one in ast.walk(scope.node) if isinstance(one, ast.Attribute))
            own = (one for one in nodes if isinstance(one.value, ast.Name) and one.value.id == root)
            self._read[key] = _numbered((one.lineno, one.col_offset, one.attr) for one in own)
        return self._read[key]

    def _names_read(self, scope: Scope) -> dict[str, int]:
        """The same for its names."""
        key = (scope, "")
        if key not in self._read:
            names = (one for one in ast.walk(scope.node) if isinstance(one, ast.Name))
            self._read[key] = _numbered((one.lineno, one.col_offset, one.id) for one in names)
        return self._read[key]


def _numbered(read: Iterable[tuple[int, int, str]]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(name for *_, name in sorted(read)))}


def object_of(one: Type) -> Instance | None:
    """The one object that a value is."""
    found = alternatives(one)
    first = found[0] if len(found) == 1 else None
    return first if isinstance(first, Instance) else None


def owner_of(one: Type) -> Instance | None:
    """The one object of the project that a value is, which is no resource itself."""
    found = object_of(one)
    if found is None or not isinstance(found.cls, Scope):
        return None
    return found if found.base is None or found.base.kind not in HANDLES else None


def _is_set_from_outside(ev: Evaluator, owner: Instance, name: str) -> bool:
    """Whether a member of an object is what was passed when it was made: set from a parameter, or a field."""
    for cls in lineage(ev, owner):
        if name in cls.self_assignments:
            return set_from(cls, name)[0] is not None
        if name in cls.bindings:
            bindings = cls.bindings[name]
            return len(bindings) == 1 and bindings[0].kind == "annotated" and bindings[0].value is None
    return False
