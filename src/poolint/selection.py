"""Which rules run, and which fixes: selectors are codes, prefixes of codes, names of rules, or ``ALL``.

Layers go one over the other: what rules say themselves, ``pyproject.toml``, the command line. A layer with a
``select`` replaces what is below it, one without it changes it. Inside a layer the most specific selector wins, and
``ignore`` beats ``select`` where both are equally specific.
"""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

from poolint.bounds import clipped
from poolint.config import ConfigError, Selectors, nearest
from poolint.config.settings import SELECTORS
from poolint.rules.registry import INTERNAL as INTERNAL
from poolint.rules.registry import OWN as OWN
from poolint.rules.renamed import current, met

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic
    from poolint.rules.base import Meta, Rule

ALL = "ALL"


def some(rules: Mapping[str, type[Rule]]) -> Mapping[str, type[Rule]]:
    """The rules, of which there have to be some. Raises ``ConfigError`` where there are none, since then nothing would ever be
    found."""
    if not rules:
        raise ConfigError(
            "no rule is known: poolint finds its own by what its distribution announces, so that has to be installed; a copy "
            "of the package on the path is not enough"
        )
    return rules


def enabled(
    settings: Settings, rules: Iterable[type[Rule]], layers: Iterable[Selectors] | None = None
) -> frozenset[str]:
    """The codes of the rules that run under ``settings``, before ``per-file-ignores``; ``layers`` for all of them."""
    layers = tuple(settings.layers() if layers is None else layers)
    return frozenset(rule.meta.code for rule in rules if decision(rule.meta, layers, settings.preview).is_on)


class Decision:
    """Whether a rule runs, and what says so: ``where`` is the setting, empty for the rule's own default, and ``selector``
    what stands there, empty for a ``select`` that leaves the rule out."""

    __slots__ = ("is_on", "selector", "where")

    def __init__(self, is_on: bool, where: str = "", selector: str = "") -> None:
        self.is_on = is_on
        self.where = where
        self.selector = selector


def decision(meta: Meta, layers: Iterable[Selectors], preview: bool) -> Decision:
    """What ``layers``, each going over those before it, make of a rule; ``preview``: those on trial may run."""
    if meta.preview and not preview:
        return Decision(False, "preview")
    found = Decision(meta.default)
    for layer in layers:
        said = _said(layer, meta.code, meta.name)
        if said is not None:
            found = Decision(said[0], f"{layer.origin}{said[1]}", said[2])
        elif layer.select is not None:
            found = Decision(False, f"{layer.origin}select")
    return found


def ignored_in(settings: Settings, path: str) -> tuple[str, ...]:
    """The selectors that ``per-file-ignores`` switches off in the file at ``path``."""
    if not settings.ignored:
        return ()
    from os.path import abspath

    from poolint import globs

    path = abspath(path)
    found: list[str] = []
    for pattern, selectors in settings.ignored:
        expression = globs.compiled((pattern.removeprefix("!"),), settings.root)
        if globs.matches(expression, path, settings.root) != pattern.startswith("!"):
            found += selectors
    return tuple(found)


def ignoring(selectors: Iterable[str], meta: Meta) -> str:
    """Which of some selectors, as of :func:`ignored_in`, means a rule; empty where none does."""
    return next((one for one in selectors if matches(one, meta.code, meta.name)), "")


def matches(selector: str, code: str, name: str = "") -> bool:
    """Whether ``selector`` means the rule with this code and name."""
    return selector == ALL or code.startswith(selector) or bool(name and selector == name) or current(selector) == code


def specificity(selector: str, code: str, name: str) -> int:
    """How specific ``selector`` is where it means the rule with this code and name; -1 where it does not."""
    if not matches(selector, code, name):
        return -1
    return 0 if selector == ALL else len(code) if selector == name else len(selector)


def internal_ignored(settings: Settings, code: str, path: str) -> bool:
    """Whether what poolint says of itself is ignored in ``path``: it takes an ignore, never merely another ``select``."""
    name = INTERNAL.get(code) or OWN[code]
    selectors = [one for layer in settings.layers() for one in (*layer.ignore, *layer.extend_ignore)]
    return any(matches(one, code, name) for one in (*selectors, *ignored_in(settings, path)))


def written(settings: Settings) -> tuple[str, ...]:
    """All selectors that stand in the file or on the command line, wherever they do."""
    return tuple(one for _, selectors in _places(settings) for one in selectors)


def _places(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each place where selectors may stand, as an error names it, with those that stand there."""
    for layer in settings.layers():
        for attribute in SELECTORS:
            yield f"{layer.origin}{attribute.replace('_', '-')}", getattr(layer, attribute) or ()
    origin = settings.layers()[-2].origin
    for pattern, selectors in settings.ignored:
        yield f"{origin}per-file-ignores.{pattern!r}", selectors
    yield f"{origin}severity", tuple(selector for selector, _ in settings.severity)
    yield f"{origin}extend-safe-fixes", settings.extend_safe_fixes
    yield f"{origin}extend-unsafe-fixes", settings.extend_unsafe_fixes


def validate(settings: Settings, names: Mapping[str, str | None], broken: Mapping[str, str] | None = None) -> None:
    """Refuse selectors that mean no rule, or one that cannot run. ``names`` maps every known code to the name of its
    rule, where known; ``broken`` the codes of rules that could not be loaded to a line that says why.

    Raises :class:`ConfigError` that names the selector, where it was written, and the nearest code.
    """
    for where, selectors in _places(settings):
        for one in selectors:
            met(one, where)
    known = {**names, **INTERNAL, **OWN}
    for where, selectors in _places(settings):
        _validate(selectors, where, known)
    for code, why in (broken or {}).items():
        if asked_for(settings, code):
            raise ConfigError(f"{_origin_of(settings, code)}rule {code} is selected and cannot run: {why}")


def running(settings: Settings, rules: Iterable[type[Rule]], path: str) -> tuple[frozenset[str], frozenset[str]]:
    """The codes of the rules that run in the file at ``path``, and of those that would without the command line."""
    rules = list(rules)
    ignored = ignored_in(settings, path)
    off = {one.meta.code for one in rules if ignoring(ignored, one.meta)}
    return enabled(settings, rules) - off, enabled(settings, rules, settings.layers()[:-1]) - off


def tells(settings: Settings, code: str, path: str) -> bool:
    """Whether POL902 or POL904 is reported in the file at ``path``."""
    if code == "POL904":
        return not internal_ignored(settings, code, path)
    is_on = True
    for layer in settings.layers():
        verdict = _verdict(layer, code, OWN[code])
        is_on = bool(verdict) if layer.select is not None else is_on if verdict is None else verdict
    return is_on and not any(matches(one, code, OWN[code]) for one in ignored_in(settings, path))


def on_trial(settings: Settings, rules: Iterable[type[Rule]]) -> list[str]:
    """A line for each rule that somebody has selected by its code or name, and that waits for ``preview``."""
    if settings.preview:
        return []
    waiting = [rule.meta for rule in rules if rule.meta.preview]
    return [
        f"{_origin_of(settings, one.code, one.name)}rule {one.code} is on trial, and runs only with `preview`"
        for one in waiting
        if {one.code, one.name} & set(written(settings)) and asked_for(settings, one.code, one.name)
    ]


def asked_for(settings: Settings, code: str, name: str = "") -> bool:
    """Whether somebody has selected the rule with this code in so many words, and nobody has ignored it since."""
    asked = False
    for layer in settings.layers():
        verdict = _verdict(layer, code, name)
        asked = bool(verdict) if layer.select is not None else asked if verdict is None else verdict
    return asked


def leaves_nothing(settings: Settings, names: Mapping[str, str | None]) -> bool:
    """Whether the selectors, each of which means some rule, leave none to run. ``names`` as for :func:`validate`."""
    chosen = set(names)
    for layer in settings.layers():
        wanted = {code: _verdict(layer, code, name or "") for code, name in {**names, **INTERNAL, **OWN}.items()}
        kept = chosen if layer.select is None else frozenset[str]()
        chosen = {code for code, yes in wanted.items() if (code in kept if yes is None else yes)}
    return not chosen


def is_applicable(diagnostic: Diagnostic, unsafe: bool) -> bool:
    """Whether ``--fix`` would apply the fix of a finding, given whether unsafe ones may be."""
    if diagnostic.fix is None:
        return False
    return diagnostic.fix.applicability == "safe" or (unsafe and diagnostic.fix.applicability == "unsafe")


def _validate(selectors: Iterable[str], where: str, known: Mapping[str, str | None]) -> None:
    for selector in selectors:
        if not selector or not any(matches(selector, code, name or "") for code, name in known.items()):
            words = [ALL, *known, *(name for name in known.values() if name)]
            hint = nearest(selector, words) or nearest(selector.upper(), words)
            raise ConfigError(f"{where}: unknown rule selector {clipped(selector)}{hint}")


def _origin_of(settings: Settings, code: str, name: str = "") -> str:
    """Where the rule with this code was selected, as an error puts it in front."""
    for layer in reversed(settings.layers()):
        for key, selectors in (("select", layer.select or ()), ("extend-select", layer.extend_select)):
            if any(matches(one, code, name) for one in selectors):
                return f"{layer.origin}{key}: "
    return ""


def _verdict(layer: Selectors, code: str, name: str) -> bool | None:
    """What the most specific selector of a layer says about a rule; None when none means it."""
    said = _said(layer, code, name)
    return None if said is None else said[0]


def _said(layer: Selectors, code: str, name: str) -> tuple[bool, str, str] | None:
    """The same with the key that it stands under, and the selector."""
    best, found = 0, None
    for key, selectors in (
        ("select", layer.select or ()),
        ("extend-select", layer.extend_select),
        ("ignore", layer.ignore),
        ("extend-ignore", layer.extend_ignore),
    ):
        for selector in selectors:
            length = specificity(selector, code, name)
            if length >= best:
                best, found = length, (not key.endswith("ignore"), key, selector)
    return found
