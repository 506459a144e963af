"""Settings as a person reads them: each value as TOML has it, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.config.settings import ATTRIBUTES, SELECTORS
from poolint.config.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.config.key import Key
    from poolint.config.settings import Selectors, Settings

DEFAULT = "default"
_ONE_FILE = frozenset({"extend", "required_version"})
"""Settings of a file, and not of what is checked."""


def toml(value: object) -> str:
    """A plain value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {toml(one)}' for name, one in value.items())} }}" if value else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char for char in escaped) + '"'


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else _text(name)


def default_of(key: Key[Any]) -> str:
    """What holds where nobody sets a key, as TOML has it; empty where nothing does."""
    if key.default is None or key.default == "":
        return ""
    return "{}" if key.is_table else toml(key.default)


def rows(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """The name, the value and the origin of all that holds for some files, in the order of the declarations; the value of what
    nobody says is empty.

    Selectors have a row for each layer that says something: the last one goes over the others.
    """
    for attribute, key in ATTRIBUTES.items():
        if attribute in _ONE_FILE:
            continue
        if attribute in SELECTORS:
            yield from _selectors(settings, attribute, key.name)
            continue
        value = getattr(settings, attribute)
        origin = ", ".join(settings.origins.get(attribute, ())) or DEFAULT
        if key.is_table:
            value = dict(value)
        elif key.kind in ("files", "folders"):
            value = tuple(map(shown, value))
        elif key.kind == "budget":
            value = "" if value is None else _budget(value)
        yield key.name, value if key.kind == "budget" else toml(value) if value != "" else "", origin
    for rule, table in settings.rule_tables.items():
        for name, value in table.items():
            yield f"{rule}.{name}", toml(value), settings.place(rule).partition(":")[0]


def _selectors(settings: Settings, attribute: str, name: str) -> Iterator[tuple[str, str, str]]:
    said = [(layer, getattr(layer, attribute)) for layer in settings.layers()]
    found = [(layer, value) for layer, value in said if (value is not None if attribute == "select" else value)]
    for layer, value in found:
        yield name, toml(value), _origin(layer, name)
    if not found:
        yield name, "" if attribute == "select" else "[]", DEFAULT


def _origin(layer: Selectors, name: str) -> str:
    return f"--{name}" if layer.origin == "--" else layer.origin.partition(": ")[0].strip().rstrip(":")


def _budget(declared: Any) -> str:
    figures = {
        name.replace("_", "-"): figure.value
        for name in ("max_connections", "reserve", "migrations")
        if (figure := getattr(declared, name)) is not None
    }
    plain: dict[str, object] = {**figures, **({"surge": True} if declared.surge else {})}
    if declared.files is not None:
        plain["files"] = declared.files
    if declared.services:
        plain["services"] = {name: {} for name in declared.services}
    return toml(plain)
