"""Rules are found through ``importlib.metadata``, in the group ``poolint.rules``: ours as everyone else's.

The name of an entry point is the code of the rule that it leads to, so that selectors can be checked without importing
a single rule. A rule that cannot be used is refused by name, and the others still run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from poolint.files import read_regular
from poolint.rules import renamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from poolint.rules.base import Meta, Rule

GROUP = "poolint.rules"
OURS = "poolint"

INTERNAL = {"POL900": "crash", "POL901": "unreadable-file", "POL903": "bound-hit"}
"""What poolint says about itself. No rule stands behind these and no ``select`` turns them off: only an ignore does."""

OWN = {"POL902": "unused-suppression", "POL904": "unknown-suppression"}
"""What poolint says about comments that are to silence something. POL902 is selected as rules are, and on by default;
POL904 is reported unless it is ignored, like the others."""


class Registry:
    """``rules`` maps codes to the rules that can be used, in order; ``errors`` has a line for each of the others."""

    __slots__ = ("broken", "errors", "origins", "rules")

    def __init__(self) -> None:
        self.rules: dict[str, type[Rule]] = {}
        self.origins: dict[str, str] = {}
        """The distribution that each code comes from."""
        self.errors: list[str] = []
        self.broken: dict[str, str] = {}
        """The line in ``errors`` for each code that a rule of a plugin was announced for and has not got."""

    def collisions(self, point: EntryPoint, meta: Meta) -> list[str]:
        """Why a rule that is right by itself cannot stand beside those that there are, in words."""
        if meta.code != point.name:
            return [f"has the code {meta.code}, but its entry point is named {point.name}; they must be equal"]
        if meta.code in self.rules:
            return [f"is refused: {self.origins[meta.code]!r} already brings a rule {meta.code}"]
        if meta.code in INTERNAL or meta.code in OWN:
            return [f"is refused: {meta.code} is what poolint says of itself"]
        for code, rule in self.rules.items():
            if rule.meta.name == meta.name:
                return [f"is refused: {self.origins[code]!r} already has a rule named {meta.name!r}, {code}"]
        if meta.name in (*INTERNAL.values(), *OWN.values()):
            return [f"is refused: {meta.name!r} is what poolint says of itself"]
        return []

    def refuse(self, point: EntryPoint, why: str) -> None:
        """Put down that the rule behind an entry point cannot be used."""
        self.errors.append(_refusal(point, why))
        if self.origins.get(point.name) != OURS:
            self.broken.setdefault(point.name, self.errors[-1])


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
        lines = (line for text in _entry_point_files(path) for line in text.split(b"\n") if line[:1] == b"[")
        _groups[path] = {line.strip() for line in lines}
    return f"[{group}]".encode() in _groups[path]


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
                path = os.path.join(folder, name, "entry_points.txt")
                if os.access(path, os.F_OK):  # most have none, and an error would take longer
                    try:
                        yield read_regular(path)
                    except OSError:
                        continue


def load() -> Registry:
    """Import all announced rules and check those of others against the contract in ``rules.contract``: a test of ours holds
    that ours keep it, and nobody need wait for that."""
    from poolint.rules import contract

    registry = Registry()
    for point in _points():
        is_ours = _distribution(point) == OURS
        try:
            rule = point.load()
            problems = [] if is_ours else contract.problems(rule)
        except (Exception, SystemExit) as error:
            registry.refuse(point, f"cannot be loaded: {type(error).__name__}: {_line(error)}")
            continue
        if not problems:
            problems = registry.collisions(point, rule.meta)
        if problems:
            registry.refuse(point, "; ".join(problems))
            continue
        if not is_ours:
            registry.errors += [_refusal(point, one) for one in contract.doubts(rule)]
        registry.rules[point.name] = rule
        registry.origins[point.name] = _distribution(point)
    registry.rules = dict(sorted(registry.rules.items()))
    return registry


class LazyRules(Mapping[str, "type[Rule]"]):
    """The loaded rules by code. They are loaded when first looked at, which a clean run never does."""

    def __init__(self) -> None:
        self._registry: Registry | None = None
        renamed.begin()

    @property
    def errors(self) -> list[str]:
        """A line for each rule that could not be used, as far as rules have been loaded, and one for each code that was met
        and that a rule had before."""
        return [*(self._registry.errors if self._registry else ()), *renamed.lines()]

    @property
    def broken(self) -> dict[str, str]:
        """The codes of plugins' rules that could not be used, and why; empty as long as nothing has been loaded."""
        return self._registry.broken if self._registry else {}

    def is_brought(self, selectors: Iterable[str]) -> bool:
        """Whether a plugin announces a rule that one of these selectors means; imports none."""
        codes = [point.name for point in _points() if _distribution(point) != OURS] if has_plugins() else []
        wanted = [renamed.current(selector) for selector in selectors] if codes else []
        return any(selector == "ALL" or code.startswith(selector) for code in codes for selector in wanted)

    @property
    def registry(self) -> Registry:
        """The registry itself, loaded now if it is not yet."""
        if self._registry is None:
            self._registry = load()
        return self._registry

    def __getitem__(self, code: str) -> type[Rule]:
        return self.registry.rules[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.registry.rules)

    def __len__(self) -> int:
        return len(self.registry.rules)

    def names(self) -> dict[str, str | None]:
        """Every announced code, and the name of its rule where that is known without loading it."""
        return names_of({} if self._registry is None else self._registry.rules)


def names_of(rules: Mapping[str, type[Rule]]) -> dict[str, str | None]:
    """Every announced code, and the name of its rule if that is among ``rules``."""
    return {**dict.fromkeys(codes()), **{code: rule.meta.name for code, rule in rules.items()}}


@cache
def addresses() -> dict[str, str]:
    """Where rules are documented, by their codes, and for poolint by its name, as their distributions say."""
    pages: dict[str, str] = {}
    found = {}
    for point in _points():
        origin = _distribution(point)
        if origin not in pages:
            described = point.dist.metadata if point.dist is not None else None
            urls = described.get_all("Project-URL") if described is not None else None
            labelled = [one.partition(",") for one in urls or ()]
            pages[origin] = next((url.strip() for label, _, url in labelled if label.strip().lower() == "rules"), "")
        found[point.name] = pages[origin]
    return {**found, OURS: pages.get(OURS, "")}


def _points() -> list[EntryPoint]:
    """Ours first, so that nobody can take a code from us; then by distribution, whatever the order on the path."""
    from importlib.metadata import PackageNotFoundError, distribution, entry_points

    points: Iterable[EntryPoint] | None = None
    if not has_plugins():  # then only one file need be read, and not that of each distribution
        with suppress(PackageNotFoundError):
            points = distribution(OURS).entry_points.select(group=GROUP)
    if points is None:
        points = entry_points(group=GROUP)
    return sorted(points, key=lambda point: (_distribution(point) != OURS, _key(point)))


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
