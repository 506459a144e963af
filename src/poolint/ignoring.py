"""What the lines of a ``.gitignore`` mean: pathspec's reading of them, with a bound on what a pattern can cost.

pathspec makes Python's expressions of the patterns, which go back and try again: with a few stars in a pattern, a long
name takes minutes. Patterns with more stars than can hurt are run by an automaton instead, which goes on only.
"""

from __future__ import annotations

import re

from pathspec import GitIgnoreSpec

from poolint.automaton import Automaton, anything, bracketed, inside_a_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PATTERNS = 10_000
"""Patterns in a file that are read; each is asked about each file."""

_MAX_PATTERN = 4_096
"""Characters of a pattern; no path is longer."""

_FEW_STARS = 2
"""With as many, the expression of pathspec takes the square of the length of a name at most, which is a short time."""


def spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """The patterns on these lines; those that make no sense are skipped, as git does.

    Raises ``ValueError`` where there are more than ``MAX_PATTERNS``.
    """
    usable: list[str] = []
    for line in lines:
        if not line.strip() or line.startswith("#") or len(line) > _MAX_PATTERN:
            continue
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            continue
        if len(usable) == MAX_PATTERNS:
            raise ValueError(f"it has more than {MAX_PATTERNS} patterns")
        usable.append(line)
    found = GitIgnoreSpec.from_lines(usable)
    for line, pattern in zip(usable, found.patterns, strict=True):
        if pattern.include is not None and line.count("*") > _FEW_STARS:
            names = _names(line)
            stars = sum(1 if name == "**" else name.count("*") for name in names)
            if stars > _FEW_STARS and not {"*", "**"}.issuperset(names):
                pattern.regex = _Search(line, names)  # type: ignore[assignment]
    return found


def _names(line: str) -> list[str]:
    """What stands between the slashes of a pattern, with ``**`` for what git takes it to have before and behind."""
    text = line if line.endswith("\\ ") else line.rstrip()
    names = text.removeprefix("!").split("/")
    is_directory = not names[-1]
    if is_directory:
        names[-1] = "**"
    if not names[0]:
        names.pop(0)
    elif len(names) == 1 + is_directory:
        names.insert(0, "**")
    return [name for number, name in enumerate(names) if not (name == "**" and names[:number][-1:] == ["**"])]


class _Search:
    """Stands in for the expression of a pattern: all of what pathspec asks of that."""

    def __init__(self, line: str, names: list[str]) -> None:
        self.pattern = line
        self._takes_files = names[-1] != "**"
        self._marks = self._takes_files or line.rstrip().endswith("/")
        self._automaton = Automaton()
        self._translate(names if self._takes_files else names[:-1])

    def search(self, path: str) -> _Match | None:
        """Whether the pattern means a path below its file, or a directory above that; directories end in a slash."""
        ends = list(self._automaton.beginnings(path))
        if self._takes_files and len(path) in ends:
            return _Match(None)
        if any(path[end : end + 1] == "/" for end in ends):
            return _Match("/" if self._marks else None)
        return None

    match = search

    def _translate(self, names: list[str]) -> None:
        result = self._automaton
        needs_slash = False
        for number, name in enumerate(names):
            if name == "**":
                # Any number of directories, also none.
                result.begin()
                if number:
                    result.literal("/")
                result.one(anything)
                result.several(anything)
                if not number:
                    result.literal("/")
                result.otherwise()
                result.end()
            else:
                if needs_slash:
                    result.literal("/")
                _name(name, result)
            needs_slash = bool(number) or name != "**"


class _Match:
    """What was found. ``mark`` is the slash behind a directory that the pattern means by itself."""

    def __init__(self, mark: str | None) -> None:
        self._mark = mark

    def groupdict(self) -> dict[str, str | None]:
        """The named groups of pathspec's expressions."""
        return {"ps_d": self._mark}

    def group(self, name: str) -> str | None:
        """One of them."""
        return self.groupdict()[name]


def _name(name: str, result: Automaton) -> None:
    """Add what stands between two slashes of a pattern; pathspec has found it to be one before."""
    if name == "*":
        result.one(inside_a_name)
    position = 0
    while position < len(name):
        char = name[position]
        position += 1
        if char == "*":
            result.several(inside_a_name)
        elif char == "?":
            result.one(inside_a_name)
        elif char == "[":
            chars, position = bracketed(name, position)
            result.one(chars)
        elif char == "\\":
            result.literal(name[position])
            position += 1
        else:
            result.literal(char)
