"""Sessions of objects that a framework passes, which it passes to the same function by themselves as well.

``orders: Orders = Depends(get_orders)`` beside ``session: AsyncSession = Depends(get_session)``: where ``get_orders`` depends
upon ``get_session`` and makes its object with that, ``orders.session`` is ``session``, since within a request each dependency is
asked once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.made_places import made_at
from poolint.frameworks.entries import parameters
from poolint.types.members import lineage
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from poolint.analyses.places import Places
    from poolint.syntax.scopes import Scope

_MAX_DEPENDENCIES = 6
"""Dependencies that depend on each other, in a row."""

_MAX_GIVEN = 4
"""Places at which a dependency gives its object."""


class _Origin(NamedTuple):
    """Where something that a framework passes comes from: the function that gives it, and the path from what that gives."""

    provider: Scope
    path: str


class InjectedPlaces:
    """Answers for the functions of one project, by the ``places`` of what their dependencies make."""

    def __init__(self, places: Places) -> None:
        self.ev = places.ev
        self.places = places
        self._passed: dict[Scope, dict[str, Scope]] = {}

    def beside(self, function: Scope, name: str, rest: str) -> str:
        """``session`` for ``orders`` and ``session``, where a framework passes a function what both are made of; empty where that
        is not known."""
        passed = self._by(function)
        if len(passed) < 2 or name not in passed:
            return ""
        found = self._origin(function, name, rest)
        if found is None or found.path:
            return ""
        return next((one for one, provider in passed.items() if provider is found.provider and one != name), "")

    def _origin(self, function: Scope, name: str, rest: str) -> _Origin | None:
        for _ in range(_MAX_DEPENDENCIES):
            provider = self._by(function).get(name)
            if provider is None:
                return None
            place = made_at(self._made(provider), rest) if rest else ""
            if not place:
                return _Origin(provider, rest)
            function, (name, _, rest) = provider, place.partition(".")
        return None

    def _by(self, function: Scope) -> dict[str, Scope]:
        """What gives the parameters of a function that a framework passes, where that is one function whose value it shares."""
        found = self._passed.get(function)
        if found is None:
            every: dict[str, list[Scope]] = {}
            for name, _, one in parameters(self.ev, function):
                every.setdefault(name, []).append(one.scope)
            found = {name: scopes[0] for name, scopes in every.items() if len(scopes) == 1}
            if self.ev.is_idle:
                self._passed[function] = found
        return found

    def _made(self, provider: Scope) -> dict[str, str]:
        """What the object that a dependency gives has been made with: by the paths to it, the places in the dependency."""
        owner = provider.enclosing_class
        if owner is not None and provider.name == "__init__":
            family = lineage(self.ev, ClassObject(owner, None))
            return self.places.attributes_set(family, provider, {name: name for name in self._by(provider)}, 0)
        given = [one.value for one in provider.yields] if provider.is_generator else [*provider.returns]
        if not 0 < len(given) <= _MAX_GIVEN:
            return {}
        made = [self.places.of(one, provider) if one is not None else {} for one in given]
        return made[0] if all(one == made[0] for one in made) else {}
