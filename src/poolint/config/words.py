"""How errors about settings are put."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigError(Exception):
    """The settings cannot be used; the text says which file, which key and why, in one line."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'select'?)`` for the nearest of the known words, or nothing when none is near."""
    if len(word) > 100:
        return ""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), 5, 0.65)
    if not found:
        return ""
    # Of codes many are equally near: then the one that has the most characters where they stand.
    best = max(found, key=lambda one: (sum(map(str.__eq__, one, word)), -found.index(one)))
    return f" (did you mean {best!r}?)"


def shown(path: str) -> str:
    """``path`` as a person at the terminal would write it: relative to the working directory when it is below it."""
    cwd = os.getcwd()
    prefix = cwd if cwd.endswith(os.sep) else cwd + os.sep
    return path[len(prefix) :] if os.path.normcase(path).startswith(os.path.normcase(prefix)) else path


def kind_of(value: object) -> str:
    """What a value of a TOML file is, in words."""
    names = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
