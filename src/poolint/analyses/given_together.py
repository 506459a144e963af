"""Parts of an object, and parameters of a function, that share a session because everybody passes them so.

``Orders(OrderStore(session), session)``: the session of the store is that of the object, wherever one is made, so
``self.store.session`` in its methods is ``self.session``. So it is in a function that ``write(session, store)`` calls. One
place that passes two, or of which that is not known, and nothing is said.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to
from poolint.analyses.choices import left_of
from poolint.flow.flags import name_of
from poolint.syntax.expressions import is_none, tells_all
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from poolint.analyses.places import Places
    from poolint.syntax.scopes import Binding

_Asked = tuple[Scope, str, str]
"""A class or a function, the member or parameter of it that is asked about, and the path from that."""

MAX_MAKERS = 24
"""Places at which objects of one class are made; real services are made at one or two."""


_MAX_STEPS = 6
"""Attributes on a path; real ones have two or three."""


class GivenTogether:
    """Answers for the classes and functions of one project, by the ``places`` of what is passed to them."""

    def __init__(self, places: Places) -> None:
        self.ev = places.ev
        self.places = places
        self._known: dict[_Asked, str] = {}
        self._finding: set[_Asked] = set()

    def same(self, cls: Scope, name: str, rest: str) -> str:
        """``session`` for ``store`` and ``session``, where all that make an object of ``cls`` pass it a store with the
        session that they pass as well; empty where that is not known."""
        return self._once((cls, name, rest), self._same)

    def _same(self, cls: Scope, name: str, rest: str) -> str:
        init, parameter, default = self._set(cls, name)
        if init is None or self.ev.project.heirs(cls.name, cls.module):
            return ""
        others = dict(self._sessions(cls, init, parameter))
        makers = list(self.makers(init)) if others else []
        if not 0 < len(makers) <= MAX_MAKERS:
            return ""
        by_default = self.place(default, rest, init)
        for call, scope in makers:
            given = bound_to(init, call, is_method=True)
            value = given.get(parameter)
            is_default = is_none(value) or (value is None and tells_all(call))
            if default is not None and is_default:
                others = {other: passed for other, passed in others.items() if passed == by_default}
                continue
            place = self.place(value, rest, scope)
            others = {
                other: passed
                for other, passed in others.items()
                if place and self.place(given.get(passed), "", scope) == place
            }
        return next(iter(others), "")

    def beside(self, function: Scope, name: str, rest: str) -> str:
        """``session`` for ``store`` and ``session``, where all who call a function pass it a store with the session that they
        pass as well; empty where that is not known."""
        return self._once((function, name, rest), self._beside)

    def _once(self, key: _Asked, find: Callable[[Scope, str, str], str]) -> str:
        found = self._known.get(key)
        if found is not None or self._is_longer(key) or key[2].count(".") >= _MAX_STEPS:
            return found or ""
        self._finding.add(key)
        found = find(*key)
        self._finding.discard(key)
        if not self._finding and self.ev.is_idle:
            self._known[key] = found
        return found

    def _is_longer(self, key: _Asked) -> bool:
        """Whether a question is one that is being answered, or the same of a longer path, as it is for a function that passes
        itself ``node.parent``: each time it is one attribute longer."""
        return any(key[:2] == one[:2] and f".{key[2]}".endswith(f".{one[2]}".rstrip(".")) for one in self._finding)

    def _beside(self, function: Scope, name: str, rest: str) -> str:
        own = function.first_parameter if function.enclosing_class is not None else None
        others = [
            other
            for other, bound in function.bindings.items()
            if other != name and is_only_parameter(bound) and bound[0].node is not own and function.loads.get(other)
        ]
        if not others or not is_only_parameter(function.bindings.get(name, ())):
            return ""
        makers = list(self.makers(function))
        if not 0 < len(makers) <= MAX_MAKERS:
            return ""
        for call, scope in makers:
            given = bound_to(function, call, is_method=own is not None)
            place = self.place(given.get(name), rest, scope)
            others = [one for one in others if place and self.place(given.get(one), "", scope) == place]
            if not others:
                return ""
        return next(iter(others), "")

    def _set(self, cls: Scope, name: str) -> tuple[Scope | None, str, ast.expr | None]:
        """The ``__init__`` that sets an attribute and the parameter that it sets it from, as :func:`set_from`; and what it makes
        instead where that is None."""
        bindings = cls.self_assignments.get(name, [])
        init, choice = (bindings[0].scope, bindings[0].value) if len(bindings) == 1 else (None, None)
        if init is None or init.name != "__init__" or not isinstance(choice, (ast.BoolOp, ast.IfExp)):
            return *set_from(cls, name), None
        arms = choice.values if isinstance(choice, ast.BoolOp) else [choice.body, choice.orelse]
        for one in arms:
            if isinstance(one, ast.Name) and is_only_parameter(init.bindings.get(one.id, ())):
                left = left_of(choice, init, ((one.id, None),))
                if len(arms) == 2 and len(left) == 1 and left[0] is not one:
                    return init, one.id, left[0]
        return None, "", None

    def _sessions(self, cls: Scope, init: Scope, but: str) -> Iterator[tuple[str, str]]:
        """The sessions and connections that an object is passed itself, each with the parameter."""
        for path in self.places.kept(self.ev.class_object(cls).instance()):
            where, parameter = set_from(cls, path) if "." not in path else (None, "")
            if where is init and parameter != but:
                yield path, parameter

    def makers(self, init: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """Where such objects are made, or a function is called, but for tests, which put others in the places of real ones."""
        for call, scope in self.ev.callers.of(init):
            if not is_test(scope.module, self.ev.project):
                yield call, scope

    def place(self, value: ast.expr | None, path: str, scope: Scope) -> str:
        """The one name of what is at a path from an argument."""
        if value is None:
            return ""
        name = name_of(value)
        if not name:
            place = self.places.made(value, scope).get(path, "")
            return _as_passed(self.places.first(place, scope), scope) if place else ""
        return _as_passed(self.places.first(f"{name}.{path}" if path else name, scope), scope)


def set_from(cls: Scope, name: str) -> tuple[Scope | None, str]:
    """The ``__init__`` that sets an attribute, which nothing else does, and the parameter that it sets it from."""
    bindings = cls.self_assignments.get(name, [])
    if len(bindings) != 1 or bindings[0].index >= 0:
        return None, ""
    init, value = bindings[0].scope, bindings[0].value
    if init is None or init.name != "__init__" or not isinstance(value, ast.Name):
        return None, ""
    return (init, value.id) if is_only_parameter(init.bindings.get(value.id, ())) else (None, "")


def is_only_parameter(bindings: Sequence[Binding]) -> bool:
    """Whether a name is a parameter and nothing else."""
    return len(bindings) == 1 and bindings[0].kind == "parameter"


def _as_passed(place: str, scope: Scope) -> str:
    """``session`` for ``self.session`` in an ``__init__`` that has just set that from its parameter."""
    root, _, path = place.partition(".")
    attribute, dot, rest = path.partition(".")
    if root != "self" or scope.enclosing_class is None:
        return place
    init, parameter = set_from(scope.enclosing_class, attribute)
    return f"{parameter}{dot}{rest}" if init is scope else place
