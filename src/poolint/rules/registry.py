"""Rules are found through ``importlib.metadata``, in the group ``poolint.rules``: ours as everyone else's.

The name of an entry point is the code of the rule that it leads to, so that selectors can be checked without importing
a single rule. A rule that cannot be used is refused by name, and the others still run.
"""

from __future__ import annotations

import os
import sys

from poolint.files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from poolint.rules.base import Rule

GROUP = "poolint.rules"
OURS = "poolint"


class Registry:
    """``rules`` maps codes to the rules that can be used, in order; ``errors`` has a line for each of the others."""

    __slots__ = ("errors", "origins", "rules")

    def __init__(self) -> None:
        self.rules: dict[str, type[Rule]] = {}
        self.origins: dict[str, str] = {}
        """The distribution that each code comes from."""
        self.errors: list[str] = []


def codes() -> list[str]:
    """Every code that an installed distribution announces, whether its rule can be loaded or not."""
    return sorted({point.name for point in _points()})


def has_plugins(group: str = GROUP) -> bool:
    """Whether any installed distribution but poolint brings rules, or something else; answered without importing one.

    Each run asks this before it knows whether it has anything to do, so it reads the entry points' files itself, and
    once: importing ``importlib.metadata`` would take longer than all else that a clean file costs.
    """
    path = tuple(dict.fromkeys(sys.path))
    if path not in _groups:
        _groups[path] = {line for text in _entry_point_files(path) for line in text.split(b"\n") if line[:1] == b"["}
    return f"[{group}]".encode() in (line.strip() for line in _groups[path])


_groups: dict[tuple[str, ...], set[bytes]] = {}
"""The groups of entry points that distributions on a path announce."""


def _entry_point_files(path: Iterable[str]) -> Iterator[bytes]:
    for folder in path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")) and not name.startswith(f"{OURS}-"):
                try:
                    yield read_regular(os.path.join(folder, name, "entry_points.txt"))
                except OSError:
                    continue


def load() -> Registry:
    """Import all announced rules and check each against the contract in ``rules.base``."""
    from poolint.rules import base

    registry = Registry()
    for point in _points():
        try:
            rule = point.load()
            problems = base.problems(rule)
        except (Exception, SystemExit) as error:
            registry.errors.append(_refusal(point, f"cannot be loaded: {type(error).__name__}: {_line(error)}"))
            continue
        if not problems and rule.meta.code != point.name:
            problems = [f"has the code {rule.meta.code}, but its entry point is named {point.name}; they must be equal"]
        if not problems and point.name in registry.rules:
            problems = [f"is refused: {registry.origins[point.name]!r} already brings a rule {point.name}"]
        if problems:
            registry.errors.append(_refusal(point, "; ".join(problems)))
            continue
        registry.rules[point.name] = rule
        registry.origins[point.name] = _distribution(point)
    registry.rules = dict(sorted(registry.rules.items()))
    return registry


def _points() -> list[EntryPoint]:
    """Ours first, so that nobody can take a code from us; then by distribution, whatever the order on the path."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda point: (_distribution(point) != OURS, _key(point)))


def _key(point: EntryPoint) -> tuple[str, str, str]:
    return (_distribution(point), point.name, point.value)


_NAMES: dict[int, tuple[object, str]] = {}
"""Names of distributions by their identity; each is read from all of its description, so it is asked for once."""


def _distribution(point: EntryPoint) -> str:
    if point.dist is None:
        return "unknown distribution"
    known = _NAMES.get(id(point.dist))
    if known is None or known[0] is not point.dist:
        known = _NAMES[id(point.dist)] = (point.dist, point.dist.name)
    return known[1]


def _refusal(point: EntryPoint, why: str) -> str:
    version = f" {point.dist.version}" if point.dist is not None else ""
    return f"{_distribution(point)}{version}: rule {point.name!r} ({point.value}) {why}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
