"""Whether a rule keeps to the contract in ``base``: asked once for each rule that is loaded.

What is wrong in a way that nobody would see, because the rule would only never find anything, is a problem like what
would crash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from poolint.detect.observation import Observation
from poolint.models.schema import Role
from poolint.rules.base import HEADINGS, FixLevel, Meta, Option, Rule, Severity, documentation
from poolint.syntax.file_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CODE = r"[A-Z]{1,3}[0-9]{1,4}"
_WORDS = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


def problems(rule: object) -> list[str]:
    """Why ``rule`` cannot be used, in words; empty when it can."""
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        return ["is not a subclass of poolint.rules.base.Rule"]
    meta = getattr(rule, "meta", None)
    if not isinstance(meta, Meta):
        return ["has no `meta` of type poolint.rules.base.Meta"]
    found = list(_of_types(meta))
    if found:
        return found  # the rest could not be asked
    found += _of_words(meta)
    found += _of_subscription(rule, meta)
    found += [
        f"has an option {option.key!r}; one has a key of lower-case words joined by hyphens, and a text"
        for option in meta.options
        if not re.fullmatch(_WORDS, option.key) or not option.text.strip()
    ]
    missing = [title for title in HEADINGS if title not in documentation(rule).sections]
    if missing:
        found.append(f"lacks documentation: no section {', '.join(missing)} in its docstring")
    return found


def doubts(rule: type[Rule]) -> list[str]:
    """What a rule that can be used subscribes to in vain, as far as the models of poolint tell: models that others bring
    may know more."""
    return [
        f"subscribes to {name!r}, which no call is known by{hint}"
        for name in sorted(rule.meta.subscription.names)
        for hint in _unheard(name)
    ]


def _of_types(meta: Meta) -> Iterator[str]:
    """Values of other types than they are declared with: a string where a set of them belongs is taken apart."""
    wanted = meta.subscription
    for what in ("code", "name", "summary", "since"):
        if not isinstance(getattr(meta, what), str):
            yield f"has a {what} that is no string: {getattr(meta, what)!r}"
    for what, values in (
        ("subscription.observations", wanted.observations),
        ("subscription.names", wanted.names),
        ("subscription.roles", wanted.roles),
        ("yields_to", meta.yields_to),
        ("relaxed_in", meta.relaxed_in),
        ("relaxed_for_process_in", meta.relaxed_for_process_in),
        ("uncovers", meta.uncovers),
    ):
        element = type if what in ("subscription.observations", "yields_to") else str
        if not isinstance(values, (frozenset, set)) or not all(isinstance(one, element) for one in values):
            yield f"has `{what}` = {values!r}; it is a frozenset of {'classes' if element is type else 'strings'}"
    if not (isinstance(meta.options, tuple) and all(isinstance(one, Option) for one in meta.options)):
        yield "has `options` that are no tuple of poolint.rules.base.Option"


def _of_words(meta: Meta) -> Iterator[str]:
    if not re.fullmatch(_CODE, meta.code):
        yield f"has the code {meta.code!r}; a code is one to three capital letters and digits (POL101)"
    if not re.fullmatch(_WORDS, meta.name):
        yield f"has the name {meta.name!r}; a name is lower-case words joined by hyphens"
    if meta.fix not in get_args(FixLevel):
        yield f"has the fix {meta.fix!r}; it is one of {_listed(get_args(FixLevel))}"
    if meta.severity not in get_args(Severity):
        yield f"has the severity {meta.severity!r}; it is one of {_listed(get_args(Severity))}"
    for key in ("relaxed_in", "relaxed_for_process_in"):
        for kind in sorted(getattr(meta, key) - KINDS.keys()):
            yield f"has {key} {kind!r}; it is one of {_listed(KINDS)}"
    for code in sorted(meta.uncovers):
        if not re.fullmatch(_CODE, code):
            yield f"uncovers {code!r}, which is the code of no rule"


def _of_subscription(rule: type[Rule], meta: Meta) -> Iterator[str]:
    wanted = meta.subscription
    if not (wanted.observations or wanted.names or wanted.roles):
        yield "subscribes to nothing, so it would never run"
    for role in sorted(wanted.roles - set(get_args(Role))):
        yield f"subscribes to the role {role!r}{_nearest(role, get_args(Role))}; it is one of {_listed(get_args(Role))}"
    for name in sorted(wanted.names):
        if not all(part.isidentifier() for part in name.split(".")):
            yield f"subscribes to {name!r}, which is no dotted name ('httpx.AsyncClient.post')"
    for one in sorted(wanted.observations, key=lambda one: one.__name__):
        if not issubclass(one, Observation) or one is Observation:
            yield f"subscribes to {one.__name__}, which is no kind of poolint.detect.observation.Observation"
    if wanted.observations and rule.judge is Rule.judge:
        yield "subscribes to observations but has no `judge`"


def _unheard(name: str) -> Iterator[str]:
    """A hint, which may be empty, where the models know all about what a dotted name stands in, and not the name."""
    from poolint.models.loader import FALLBACK, load

    models = load()
    holder, _, last = name.rpartition(".")
    cls, function = models.classes.get(holder), models.functions.get(name)
    if cls is not None:
        if models.method(cls, last) is None:
            names = {each for one in models.lineage(cls) for row in one.methods for each in row.names}
            yield _nearest(last, names - {FALLBACK})
        elif cls.name != holder:
            yield f" (it goes by {f'{cls.name}.{last}'!r})"
    elif function is not None and function.name != name:
        yield f" (it goes by {function.name!r})"
    elif holder in models.modules and name not in models.classes and function is None:
        known = models.names(holder)
        yield from () if last in known or last.startswith("_") else (_nearest(last, known),)


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(word, sorted(known), 1, 0.65)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
