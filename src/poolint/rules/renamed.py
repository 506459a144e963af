"""Codes and names that rules had before: they go on working, and a run says once what is meant now.

Ours stand in :data:`RENAMED`; those of other distributions are entry points in the group ``poolint.renamed``, whose names are
the old codes and whose values are the new ones (``XYZ1 = "XYZ201"``), so that nobody has to import a rule for them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "poolint.renamed"

RENAMED: dict[str, str] = {}
"""The code that a rule of ours has now, by a code or name that it had. No code is given to another rule later."""

_tables: list[Mapping[str, str]] = []
_met: dict[str, None] = {}


def table() -> Mapping[str, str]:
    """All old codes and names, with the codes of today."""
    if not _tables:
        _tables.append({**_brought(), **RENAMED})
    return _tables[0]


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
    if (now := current(selector)) != selector:
        _met.setdefault(f"{where}: {selector} is called {now} now", None)


def lines() -> list[str]:
    """A line for each old code that was met: the first place where it stands."""
    found: dict[str, str] = {}
    for line in _met:
        found.setdefault(line.rpartition(": ")[2], line)
    return list(found.values())


def begin() -> None:
    """Forget what an earlier run has met."""
    _met.clear()
