"""What is seen of the files of a run, in plain values alone: what a run sums up, and what is kept for the next one.

Nothing is imported here that knows of syntax: where all is known from before, nothing is analysed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint.types.steps import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    class OfModule(Protocol):
        """What is seen of one module."""

        @property
        def reaching(self) -> tuple[tuple[Place, str], ...]: ...

        @property
        def others(self) -> tuple[Place, ...]: ...

        @property
        def awaited(self) -> tuple[Awaited, ...]: ...

        def calls(self) -> Iterator[Call]: ...


class Place(NamedTuple):
    """A function, whichever time its file was parsed: its file, its qualified name and its row."""

    path: str
    function: str
    row: int

    @property
    def name(self) -> str:
        """The name that it is defined by."""
        return self.function.rpartition(".")[2]


class Awaited(NamedTuple):
    """A call of a library without a model that is awaited while a connection is held: where it stands, in which
    function, and the way to what is called."""

    path: str
    row: int
    offset: int
    function: str
    package: str
    name: str
    steps: Path


class Call(NamedTuple):
    """A call in a function that does not reach a database by itself: the names that it is made by, and what it means,
    found out when that is asked for."""

    caller: Place
    names: tuple[str, ...]
    targets: Callable[[], frozenset[Place]]


class Settled(NamedTuple):
    """What is seen of one module, in plain values alone: nothing in it keeps the module alive."""

    reaching: tuple[tuple[Place, str], ...]
    others: tuple[Place, ...]
    meant: tuple[tuple[Place, tuple[str, ...], frozenset[Place]], ...]
    awaited: tuple[Awaited, ...]

    def calls(self) -> Iterator[Call]:
        """The calls that the other functions make, of functions of the project."""
        for caller, names, targets in self.meant:
            yield Call(caller, names, partial(_same, targets))

    def settled(self) -> Settled:
        """This."""
        return self


def callers(seen: Iterable[OfModule]) -> set[Place]:
    """The functions that reach a database by others of the project, at whatever distance."""
    seen = list(seen)
    reached = {place for each in seen for place, _ in each.reaching}
    latest = {one.name for one in reached}
    names = latest.union(one.name for each in seen for one in each.others)
    waiting: dict[str, list[Call]] = {}
    for each in seen:
        for call in each.calls():
            for name in names.intersection(call.names):
                waiting.setdefault(name, []).append(call)
    found: set[Place] = set()
    while latest:
        asked = (call for name in latest for call in waiting.get(name, ()) if call.caller not in reached)
        further = {call.caller for call in asked if not reached.isdisjoint(call.targets())}
        reached |= further
        found |= further
        latest = {one.name for one in further}
    return found


def _same(targets: frozenset[Place]) -> frozenset[Place]:
    return targets
