"""The JSON Schema of the settings, made of their declarations; it is packed with poolint and stands in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.config.kinds import KINDS
from poolint.config.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from poolint.config.key import Key

FILE = "poolint.schema.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
"""What editors and the store of schemas know."""


def schema(rules: Iterable[tuple[str, str, Mapping[str, object]]]) -> dict[str, Any]:
    """The schema of a ``poolint.toml``, and of ``[tool.poolint]``.

    ``rules`` are the names of those that have options, what they are for, and the options: a default for each, of the type
    that is wanted. Tables of other names belong to rules of other distributions.
    """
    properties = {key.name: of_key(key) for key in KEYS.values()}
    for name, text, options in rules:
        properties[name] = {
            "description": text,
            "type": "object",
            "properties": {one: _of_option(default) for one, default in options.items()},
            "additionalProperties": False,
        }
    return {
        "$schema": DRAFT,
        "title": "Settings of poolint",
        "description": "A poolint.toml, or the table [tool.poolint] of a pyproject.toml.",
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "additionalProperties": {"type": "object"},
    }


def of_key(key: Key[Any]) -> dict[str, Any]:
    """The schema of one setting."""
    found: dict[str, Any] = {"description": key.text, **KINDS[key.kind].schema}
    if key.choices and key.is_table:
        found["additionalProperties"] = {"enum": list(key.choices)}
    elif key.choices:
        found["enum"] = list(key.choices)
    if isinstance(key.default, (bool, str)) and key.default != "":
        found["default"] = key.default
    elif isinstance(key.default, tuple) and not key.is_table:
        found["default"] = list(key.default)
    return found


def _of_option(default: object) -> dict[str, Any]:
    if isinstance(default, bool):
        return {"type": "boolean", "default": default}
    if isinstance(default, int):
        return {"type": "integer", "minimum": 0, "default": default}
    if isinstance(default, tuple):
        return {"type": "array", "items": {"type": "string"}, "default": list(default)}
    return {"type": "string", "default": default}
