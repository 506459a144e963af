"""Ranges of versions: what a specifier of a requirement allows, as spans of release numbers.

Only releases are told apart: a pre-release, post-release or local build counts as the release that it belongs to.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Version: TypeAlias = tuple[int, ...]
"""The numbers of a release, without zeros at its end, so that 2.0 and 2.0.0 are the same."""

Span: TypeAlias = "tuple[Version, Version | None]"
"""From a version on, and up to another one, which is not in it; None: without an end."""

Range: TypeAlias = tuple[Span, ...]

ANY: Range = (((), None),)

_RELEASE = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*(v?\d[\w.!+*-]*|\*)")


class SpecifierError(ValueError):
    """A text that says nothing of versions."""


def release(text: str) -> Version:
    """The release that a version is, or belongs to; raises :class:`SpecifierError` for what is none."""
    return _trimmed(_numbers(text))


def exactly(version: Version) -> Range:
    """One version, and no other."""
    return ((version, _behind(version)),)


def allowed(specifier: str) -> Range:
    """What a specifier allows: ``>=0.100,<0.110``, or Poetry's ``^0.100 || ~1.2``; an empty one allows everything.

    A version that is left out (``!=``) is not worth a span of its own. Raises :class:`SpecifierError`.
    """
    found: list[Span] = []
    for alternative in re.split(r"\|\|?", specifier):
        clauses = [part.strip() for part in re.split(r",|(?<=[\w*])\s+(?=[<>=~!^])", alternative)]
        within = ANY
        for clause in filter(None, clauses):
            within = both(within, _clause(clause))
        found += within
    return tuple(found)


def admits(specifier: str, version: str) -> bool:
    """Whether a specifier allows a version; here one that is left out counts. Raises :class:`SpecifierError`."""
    ours = release(version)
    left_out = [part.strip()[2:].strip() for part in specifier.split(",") if part.strip().startswith("!=")]
    if any(release(one) == ours for one in left_out):
        return False
    return bool(both(allowed(specifier), exactly(ours)))


def both(one: Range, other: Range) -> Range:
    """What is in both ranges."""
    found = []
    for first in one:
        for second in other:
            low, high = max(first[0], second[0]), _least(first[1], second[1])
            if high is None or low < high:
                found.append((low, high))
    return tuple(found)


def _clause(text: str) -> Range:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise SpecifierError(text)
    operator, written = match[1] or "", match[2]
    if written == "*" or operator == "!=":
        return ANY
    numbers = _numbers(written)
    version = _trimmed(numbers)
    if operator in ("", "=", "==", "==="):
        return ((version, _next(numbers)),) if written.endswith("*") else exactly(version)
    if operator == "^":
        significant = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
        return ((version, _next(numbers[: significant + 1])),)
    if operator in ("~", "~="):
        kept = numbers[:2] if operator == "~" else numbers[: max(len(numbers) - 1, 1)]
        return ((version, _next(kept)),)
    if operator in (">", ">="):
        return ((version if operator == ">=" else _behind(version), None),)
    return (((), version if operator == "<" else _behind(version)),)


def _numbers(text: str) -> Version:
    match = _RELEASE.match(text)
    if match is None:
        raise SpecifierError(text)
    return tuple(int(part) for part in match[1].split("."))


def _trimmed(numbers: Version) -> Version:
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return numbers[:end]


def _behind(version: Version) -> Version:
    """What comes right behind a version: no version ends with a zero, so none is between the two."""
    return (*version, 0)


def _next(numbers: Version) -> Version:
    """The first release that does not begin with these numbers."""
    return (*numbers[:-1], numbers[-1] + 1)


def _least(one: Version | None, other: Version | None) -> Version | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
