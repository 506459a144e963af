"""Codes and names that rules had before: they go on working, and a run says once what is meant now.

Ours stand in :data:`RENAMED`; those of other distributions are entry points in the group ``poolint.renamed``, whose names are
the old codes and whose values are the new ones (``XYZ1 = "XYZ201"``), so that nobody has to import a rule for them.
"""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "poolint.renamed"

RENAMED: dict[str, str] = {}
"""The code that a rule of ours has now, by a code or name that it had. No code is given to another rule later."""

_met: dict[str, str] = {}
"""The old codes that the run has met, with the first place where each stands."""


@cache
def table() -> Mapping[str, str]:
    """All old codes and names, with the codes of today."""
    return {**_brought(), **RENAMED}


def _brought() -> dict[str, str]:
    from poolint.rules.registry import has_plugins

    if not has_plugins(GROUP):
        return {}
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def current(selector: str) -> str:
    """The code of today for an old one, and any other selector as it is."""
    return table().get(selector, selector)


def met(selector: str, where: str) -> None:
    """Put down that an old code was written somewhere, where it is one."""
    if current(selector) != selector:
        _met.setdefault(selector, where)


def lines() -> list[str]:
    """A line for each old code that was met: the first place where it stands."""
    return [f"{where}: {selector} is called {current(selector)} now" for selector, where in _met.items()]


def begin() -> None:
    """Forget what an earlier run has met."""
    _met.clear()
