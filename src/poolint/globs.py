"""Patterns for paths, with ruff's meaning: a pattern matches the base name, or the path relative to the root."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os
from functools import lru_cache

from poolint.automaton import Automaton, anything, bracketed, inside_a_name, nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 2_000
"""Characters of a pattern; paths are no longer than twice that."""


class Globs:
    """Patterns to be matched: those for names and for paths below the root, and absolute ones that begin elsewhere."""

    __slots__ = ("elsewhere", "here")

    def __init__(self, here: Automaton, elsewhere: Automaton | None) -> None:
        self.here = here
        self.elsewhere = elsewhere


@lru_cache(maxsize=256)
def compiled(patterns: tuple[str, ...], root: str) -> Globs:
    """What matches all that any of ``patterns`` means; ``root`` is where relative ones begin.

    Raises ``ValueError`` for a pattern that means nothing, as :func:`problem` says.
    """
    bare = [_relative(pattern, root) for pattern in patterns]
    elsewhere = [one for one in bare if os.path.isabs(one)]
    return Globs(_any_of(one for one in bare if not os.path.isabs(one)), _any_of(elsewhere) if elsewhere else None)


def _any_of(patterns: Iterable[str]) -> Automaton:
    patterns = list(patterns)
    result = Automaton()
    result.begin()
    for number, pattern in enumerate(patterns):
        if number:
            result.otherwise()
        translate(pattern, result)
    if not patterns:
        result.one(nothing)
    result.end()
    return result


def problem(pattern: str) -> str:
    """What is wrong with a pattern, in words; empty for one that can be used."""
    try:
        translate(pattern, Automaton())
    except ValueError as error:
        return str(error)
    return ""


def matches(expression: Globs, path: str, root: str) -> bool:
    """Whether the absolute ``path`` is meant by an expression of :func:`compiled`, by its name or as a whole."""
    if expression.here.matches(os.path.basename(path)) or expression.here.matches(relative(path, root)):
        return True
    return expression.elsewhere is not None and expression.elsewhere.matches(path.replace(os.sep, "/"))


def relative(path: str, root: str) -> str:
    """``path`` below ``root`` with slashes; a path that is elsewhere stays absolute."""
    prefix = root if root.endswith(os.sep) else root + os.sep
    below = path[len(prefix) :] if os.path.normcase(path).startswith(os.path.normcase(prefix)) else path
    return below.replace(os.sep, "/")


def _relative(pattern: str, root: str) -> str:
    pattern = pattern.replace(os.sep, "/").rstrip("/")
    while pattern.startswith("./"):
        pattern = pattern[2:]
    base = root.replace(os.sep, "/").rstrip("/") + "/"
    return pattern[len(base) :] if os.path.normcase(pattern).startswith(os.path.normcase(base)) else pattern


def translate(pattern: str, result: Automaton) -> None:
    """Add a glob: ``*`` and ``**`` cross slashes, ``**/`` may be nothing, ``{a,b}`` is either.

    Raises ``ValueError`` for what is no pattern.
    """
    if "\0" in pattern:
        raise ValueError("there is a NUL character in it, which no path has")
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"it has {len(pattern)} characters; at most {MAX_LENGTH} are read")
    depth = position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if pattern.startswith("**/", position - 1):
            result.begin()
            result.several(anything)
            result.literal("/")
            result.otherwise()
            result.end()
            position += 2
        elif char == "*":
            result.several(anything)
        elif char == "?":
            result.one(inside_a_name)
        elif char == "[":
            chars, position = bracketed(pattern, position)
            result.one(chars)
        elif char == "{":
            result.begin()
            depth += 1
        elif char == "}" and depth:
            result.end()
            depth -= 1
        elif char == "," and depth:
            result.otherwise()
        else:
            result.literal(char)
    if depth:
        raise ValueError("a `{` is not closed; `[{]` stands for the character")
