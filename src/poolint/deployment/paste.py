"""Applications that a file of PasteDeploy describes, and the server that it gives them: ``pserve production.ini``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.deployment import inside, sections

if TYPE_CHECKING:
    from poolint.deployment.values import Word

SERVERS = {"egg:waitress": "waitress-serve", "egg:waitress#main": "waitress-serve"}
"""Servers by what a file uses them as, each with the program that starts it otherwise."""

_TEMPLATES = ("", ".in", ".template", ".j2")
"""What the name of a file may have behind it in the repository, where a build fills it in."""

_MAX_DEPTH = 3
"""Files that use each other, in a row."""


class Described(NamedTuple):
    """The module or package of an application, and what is set for its server: empty where the file says nothing of it."""

    target: str
    server: dict[str, Word]


def described(name: str, folder: str) -> Described | None:
    """What a file describes that a command names; None where there is no such file, or it cannot be read."""
    found = _settings(name, folder)
    return None if found is None else Described(_target(found, folder), found.get("server:main", {}))


def _settings(name: str, folder: str) -> dict[str, dict[str, Word]] | None:
    path = next((found for end in _TEMPLATES if (found := inside.found(f"{name}{end}", folder)) is not None), None)
    try:
        return {one.name: one.settings for one in sections.read(path)} if path is not None else None
    except OSError:
        return None


def _target(settings: dict[str, dict[str, Word]], folder: str, depth: int = 0) -> str:
    """The module or package of the application that a file describes, or one that it uses: ``use = config:common.ini``."""
    others = (one for key, one in settings.items() if key.startswith("app:"))
    use = (settings.get("app:main") or next(others, {})).get("use")
    kind, _, named = use.text.partition(":") if use is not None else ("", "", "")
    if kind == "config" and depth < _MAX_DEPTH:
        other = _settings(named.partition("#")[0], folder)
        return _target(other, folder, depth + 1) if other is not None else ""
    target = named.partition("#")[0] if kind == "egg" else named.partition(":")[0] if kind == "call" else ""
    return target.replace("-", "_")
