"""What a detector declares of itself, and which ones there are: each module of this package that observes has one."""

from __future__ import annotations

import pkgutil
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from poolint.analyses.carrying import Carrying

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from poolint.detect.observation import Observation
    from poolint.detect.services import Services
    from poolint.syntax.module import Module
    from poolint.syntax.scopes import Scope

    Observe: TypeAlias = "Callable[[Scope], Iterable[Observation | tuple[Scope, Observation]]]"

Asked = Literal["modules", "functions", "coroutines", "scopes", "handlers", "withs", "guards"]
"""The scopes that a detector is asked about: modules as a whole, functions, ``async def``s, all of them, or those in
which an ``except`` or a ``with`` stands, or either."""


class Detector(msgspec.Struct, frozen=True, dict=True):
    """A detector: its module, or the ``__init__`` of its package, has it as ``DETECTOR``.

    ``name`` identifies it in the report of a crash. ``make`` takes what it needs from the services of a project, once, when it is
    first asked; the function that it returns gives what is observed in one scope, with the scope where that is another.

    What is declared further spares the question: ``words`` are bytes of which one stands in the text of each module, and
    ``calls`` last names of which one is called in each scope, in which there can be something to observe. One that is
    ``near`` observes what a function does with a session or connection that it has in hand, and is spared those whose words
    rule that out (see :class:`~poolint.analyses.carrying.Carrying`). A ``thorough``
    one observes what may be, and is asked where findings that are only possible are wanted; one ``on_request`` observes
    only what rules that are off by default judge, and costs much.

    Detectors know nothing of each other, and what they observe does not depend on the order in which they are asked.
    """

    name: str
    make: Callable[[Services], Observe]
    of: Asked = "scopes"
    words: Callable[[Services], Iterable[bytes]] | None = None
    calls: Callable[[Services], AbstractSet[str]] | None = None
    near: bool = False
    thorough: bool = False
    on_request: bool = False


@cache
def detectors() -> tuple[Detector, ...]:
    """All detectors, by the names of their modules."""
    from poolint import detect

    names = sorted(one.name for one in pkgutil.iter_modules(detect.__path__))
    found = (getattr(import_module(f"{detect.__name__}.{name}"), "DETECTOR", None) for name in names)
    return tuple(one for one in found if isinstance(one, Detector))


class Scopes(tuple["Scope", ...]):
    """The scopes of one module that detectors are asked about, with what they declare of these found out once for all."""

    @cached_property
    def called(self) -> AbstractSet[str]:
        """The last names of all that is called in them."""
        return frozenset().union(*(one.called for one in self))

    @cached_property
    def of(self) -> dict[Asked, list[int]]:
        """The indices of those of each kind."""
        return {kind: [index for index, one in enumerate(self) if is_of(one)] for kind, is_of in _IS_OF.items()}

    @cached_property
    def _near(self) -> dict[Asked, list[int]]:
        return {}

    def near(self, kind: Asked, carrying: Carrying) -> list[int]:
        """The indices of those of a kind that may have a session or connection in hand."""
        found = self._near.get(kind)
        if found is None:
            found = self._near[kind] = [index for index in self.of[kind] if carrying.is_near(self[index])]
        return found


class Question:
    """A detector before one project: what it declares is worked out when it is first wanted."""

    def __init__(self, detector: Detector, services: Services) -> None:
        self.name = detector.name
        self._detector = detector
        self._services = services
        self._words: Collection[bytes] | None = None
        self._calls: AbstractSet[str] | None = None
        self._observe: Observe | None = None

    def is_about(self, module: Module) -> bool:
        """Whether something may be observed in a module, by its text."""
        if self._detector.words is None:
            return True
        if self._words is None:
            self._words = frozenset(self._detector.words(self._services))
        return any(map(module.mentions, self._words))

    def about(self, scopes: Scopes) -> Sequence[int]:
        """The indices of the scopes in which something may be observed."""
        if self._detector.calls is not None and self._calls is None:
            self._calls = self._detector.calls(self._services)
        calls = self._calls
        if calls is not None and calls.isdisjoint(scopes.called):
            return ()
        kind = self._detector.of
        found = scopes.of[kind]
        if self._detector.near:
            found = scopes.near(kind, self._services.evaluator.derived(Carrying))
        return found if calls is None else [one for one in found if not calls.isdisjoint(scopes[one].called)]

    @property
    def observe(self) -> Observe:
        """Gives what is observed in a scope, each with the scope in which it stands where that is another."""
        if self._observe is None:
            self._observe = self._detector.make(self._services)
        return self._observe


_IS_OF: dict[Asked, Callable[[Scope], bool]] = {
    "modules": lambda scope: scope.kind == "module",
    "functions": lambda scope: scope.kind == "function",
    "coroutines": lambda scope: scope.is_async,
    "scopes": lambda _: True,
    "handlers": lambda scope: bool(scope.handlers),
    "guards": lambda scope: bool(scope.handlers or scope.withs),
    "withs": lambda scope: bool(scope.withs),
}
