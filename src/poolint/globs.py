"""Patterns for paths, with ruff's meaning: a pattern matches the base name, or the path relative to the root."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def compiled(patterns: Iterable[str], root: str) -> re.Pattern[str]:
    """One expression that fully matches what any of ``patterns`` means; ``root`` is where relative ones begin."""
    parts = [_translated(_relative(pattern, root)) for pattern in patterns]
    return re.compile("|".join(parts) if parts else r"(?!)", re.DOTALL)


def matches(expression: re.Pattern[str], path: str, root: str) -> bool:
    """Whether the absolute ``path`` is meant by an expression of :func:`compiled`, by its name or as a whole."""
    return bool(expression.fullmatch(os.path.basename(path)) or expression.fullmatch(relative(path, root)))


def relative(path: str, root: str) -> str:
    """``path`` below ``root`` with slashes; a path that is elsewhere stays absolute."""
    prefix = root if root.endswith(os.sep) else root + os.sep
    below = path[len(prefix) :] if path.startswith(prefix) else path
    return below.replace(os.sep, "/")


def _relative(pattern: str, root: str) -> str:
    pattern = pattern.replace(os.sep, "/").rstrip("/")
    while pattern.startswith("./"):
        pattern = pattern[2:]
    base = root.replace(os.sep, "/").rstrip("/") + "/"
    return pattern[len(base) :] if pattern.startswith(base) else pattern


def _translated(pattern: str) -> str:
    """A glob as an expression: ``*`` and ``**`` cross slashes, ``**/`` may be nothing, ``{a,b}`` is either."""
    out = []
    depth = position = 0
    while position < len(pattern):
        rest = pattern[position:]
        char = pattern[position]
        position += 1
        if rest.startswith("**/"):
            out.append("(?:.*/)?")
            position += 2
        elif char == "*":
            out.append(".*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := rest.find("]", 2)) > 0:
            inside = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"[^{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]")
            position += end
        elif char == "{" and "}" in rest:
            out.append("(?:")
            depth += 1
        elif char == "}" and depth:
            out.append(")")
            depth -= 1
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(char))
    return f"(?:{''.join(out)}{')' * depth})"
