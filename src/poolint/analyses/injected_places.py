"""Sessions of objects that a framework passes, which it passes to the same function by themselves as well.

``orders: Orders = Depends(get_orders)`` beside ``session: AsyncSession = Depends(get_session)``: where ``get_orders`` depends
upon ``get_session`` and makes its object with that, ``orders.session`` is ``session``, since within a request each dependency is
asked once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.given_together import is_only_parameter
from poolint.analyses.made_places import made_at
from poolint.frameworks.entries import parameters
from poolint.types.members import lineage
from poolint.types.values import Instance

if TYPE_CHECKING:
    from poolint.analyses.places import Places
    from poolint.syntax.scopes import Scope
    from poolint.types.values import Function

_MAX_DEPENDENCIES = 6
"""Dependencies that depend on each other, in a row."""

_MAX_GIVEN = 4
"""Places at which a dependency gives its object."""


class _Origin(NamedTuple):
    """Where something that a framework passes comes from: the function that gives it, and the path from what that gives."""

    provider: Function
    path: str


class InjectedPlaces:
    """Answers for the functions of one project, by the ``places`` of what their dependencies make."""

    def __init__(self, places: Places) -> None:
        self.ev = places.ev
        self.places = places
        self._passed: dict[Scope, dict[str, Function]] = {}

    def beside(self, function: Scope, name: str, rest: str) -> str:
        """``session`` for ``orders`` and ``session``, where a framework passes a function what both are made of; empty where that
        is not known."""
        passed = self._by(function)
        if len(passed) < 2 or name not in passed:
            return ""
        found = self._origin(function, name, rest)
        if found is None or found.path:
            return ""
        return next((one for one, provider in passed.items() if _is_same(provider, found.provider) and one != name), "")

    def _origin(self, function: Scope, name: str, rest: str) -> _Origin | None:
        for _ in range(_MAX_DEPENDENCIES):
            provider = self._by(function).get(name)
            if provider is None:
                return None
            place = made_at(self._made(provider), rest) if rest else ""
            if not place:
                return _Origin(provider, rest)
            function, (name, _, rest) = provider.scope, place.partition(".")
        return None

    def _by(self, function: Scope) -> dict[str, Function]:
        """What gives the parameters of a function that a framework passes, and that stay what they are: one function of a
        module, or the ``__init__`` of a class, whose value it shares. Two objects, or what a function makes twice, give each
        their own."""
        found = self._passed.get(function)
        if found is None:
            every: dict[str, list[Function]] = {}
            for name, _, one in parameters(self.ev, function):
                if is_only_parameter(function.bindings.get(name, ())):
                    every.setdefault(name, []).append(one)
            found = {name: given[0] for name, given in every.items() if len(given) == 1 and _is_itself(given[0])}
            if self.ev.is_idle:
                self._passed[function] = found
        return found

    def _made(self, provided: Function) -> dict[str, str]:
        """What the object that a dependency gives has been made with: by the paths to it, the places in the dependency."""
        provider, receiver = provided.scope, provided.receiver
        if isinstance(receiver, Instance):
            family = lineage(self.ev, receiver)
            at = next((number for number, one in enumerate(family) if one is provider.enclosing_class), None)
            own = {name: name for name in self._by(provider)}
            return self.places.attributes_set(family[at:], provider, own, 0) if at is not None else {}
        given = [one.value for one in provider.yields] if provider.is_generator else [*provider.returns]
        if not 0 < len(given) <= _MAX_GIVEN:
            return {}
        made = [self.places.of(one, provider) if one is not None else {} for one in given]
        return made[0] if all(one == made[0] for one in made) else {}


def _is_itself(provider: Function) -> bool:
    """Whether it is a function of a module that is asked, or a class that an object is made of."""
    scope = provider.scope
    if scope.enclosing_class is None:
        return scope.parent is not None and scope.parent.kind == "module"
    return scope.name == "__init__" and isinstance(provider.receiver, Instance)


def _is_same(one: Function, other: Function) -> bool:
    classes = [each.receiver.cls if isinstance(each.receiver, Instance) else None for each in (one, other)]
    return one.scope is other.scope and classes[0] is classes[1]
