"""The sums over what is seen of the files of a run: what a check says at its end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.seen import callers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.analyses.seen import Awaited, OfModule


class Totals(NamedTuple):
    """Functions that reach a database: all of them, those that do it by their use of a value alone, and those with a
    value of unknown type; then the awaited calls without a model, by package, most frequent first."""

    functions: int
    by_use: int
    unknown: int
    packages: tuple[tuple[str, int], ...]

    @property
    def known(self) -> int:
        """Functions in which everything that reaches the database has a type."""
        return self.functions - self.by_use - self.unknown

    @property
    def awaited(self) -> int:
        """All awaited calls without a model."""
        return sum(count for _, count in self.packages)


def totals(seen: Sequence[OfModule]) -> Totals:
    """The sums over some modules, each seen once."""
    known = Counter(how for each in seen for _, how in each.reaching)
    packages = Counter(one.package for one in each_awaited(seen))
    return Totals(
        known.total() + len(callers(seen)),
        known["use"],
        known["no"],
        tuple(sorted(packages.items(), key=lambda one: (-one[1], one[0]))),
    )


def each_awaited(seen: Iterable[OfModule]) -> list[Awaited]:
    """The awaited calls without a model, each once, whichever modules come to them."""
    return list({one[:3]: one for each in seen for one in each.awaited}.values())
