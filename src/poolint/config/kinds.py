"""What the value of a setting may be: how it is read from TOML, and what a JSON Schema says of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from poolint.bounds import clipped
from poolint.config.words import ConfigError, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from poolint.config.key import Key
    from poolint.deployment.declared import Declared


class Place(NamedTuple):
    """Where values stand: ``where`` as an error puts it before the key, the folder that paths begin at, and the file."""

    where: str
    root: str
    file: str = ""
    budget: str = ""
    """How an error names the table of the deployment."""


class Kind(NamedTuple):
    """``read`` makes a plain value of what TOML has, or raises ``ConfigError``; ``schema`` is that of JSON."""

    read: Callable[[object, Place, Key[Any]], object]
    schema: dict[str, Any]


def _boolean(value: object, place: Place, key: Key[Any]) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{place.where} {key.name!r} must be true or false, not {kind_of(value)}")
    return value


def _choice(value: object, place: Place, key: Key[Any]) -> str:
    if not isinstance(value, str) or value not in key.choices:
        raise ConfigError(f"{place.where} {key.name!r} must be {_one_of(key.choices)}, not {clipped(value)}")
    return value


def _one_of(choices: Iterable[str]) -> str:
    *some, last = map(repr, choices)
    return f"{', '.join(some)} or {last}"


def _text(value: object, place: Place, key: Key[Any]) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{place.where} {key.name!r} must be a string, not {kind_of(value)}")
    if not value or "\0" in value:
        raise ConfigError(f"{place.where} {key.name!r} says nothing: {clipped(value)}")
    return value


def _texts(value: object, place: Place, key: Key[Any]) -> tuple[str, ...]:
    return texts(value, place.where, key.name)


def texts(value: object, where: str, key: str) -> tuple[str, ...]:
    """A list of strings. Raises ``ConfigError`` for all else."""
    if not isinstance(value, list):
        raise ConfigError(f"{where} {clipped(key)} must be a list of strings, not {kind_of(value)}")
    for item in value:
        if not isinstance(item, str):
            raise ConfigError(
                f"{where} {clipped(key)} must be a list of strings; it has {kind_of(item)} in it: {clipped(item)}"
            )
        if "\0" in item:
            raise ConfigError(f"{where} {clipped(key)} has a NUL character in it: {clipped(item)}")
    return tuple(value)


def _patterns(value: object, place: Place, key: Key[Any]) -> tuple[str, ...]:
    found = _texts(value, place, key)
    check_patterns(found, place.where, key.name)
    return found


def check_patterns(patterns: Iterable[str], where: str, key: str) -> None:
    """Raises ``ConfigError`` for a pattern that means nothing."""
    from poolint import globs

    for pattern in patterns:
        wrong = globs.problem(pattern)
        if wrong:
            raise ConfigError(f"{where} {key!r} has the pattern {clipped(pattern)}, which means nothing: {wrong}")


def _ignores(value: object, place: Place, key: Key[Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{place.where} {key.name!r} must be a table from pattern to list, not {kind_of(value)}")
    check_patterns(value, place.where, key.name)
    return tuple((one, texts(codes, place.where, f"{key.name}.{one}")) for one, codes in value.items())


def _severities(value: object, place: Place, key: Key[Any]) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{place.where} {key.name!r} must be a table from rule to severity, not {kind_of(value)}")
    for rule, grade in value.items():
        if grade not in key.choices:
            raise ConfigError(f"{place.where} {key.name}.{rule} must be {_one_of(key.choices)}, not {clipped(grade)}")
    return tuple(value.items())


def _files(value: object, place: Place, key: Key[Any]) -> tuple[str, ...]:
    return tuple(os.path.normpath(os.path.join(place.root, path)) for path in _texts(value, place, key))


def _folders(value: object, place: Place, key: Key[Any]) -> tuple[str, ...]:
    from poolint.roots import told

    written = _texts(value, place, key)
    found = tuple(told(one, place.root) for one in written)
    if "" in found:
        missing = written[found.index("")]
        raise ConfigError(f"{place.where} {key.name!r} names {clipped(missing)}, and there is no such directory")
    return found


def _budget(value: object, place: Place, key: Key[Any]) -> Declared:
    del key
    from poolint.deployment import declared

    try:
        return declared.parse(value, place.file or place.where)
    except ValueError as error:
        raise ConfigError(f"{place.budget} {error}") from error


_STRING = {"type": "string", "minLength": 1}
_STRINGS = {"type": "array", "items": {"type": "string"}}

_NUMBER = {"type": "integer", "minimum": 0}
_BUDGET = {
    "type": "object",
    "properties": {
        "max-connections": _NUMBER,
        "reserve": _NUMBER,
        "migrations": _NUMBER,
        "surge": {"type": "boolean"},
        "files": _STRINGS,
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "processes": _NUMBER,
                    "threads": _NUMBER,
                    "replicas": _NUMBER,
                    "engines": {"oneOf": [_STRINGS, {"type": "object", "additionalProperties": _NUMBER}]},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}

KINDS: dict[str, Kind] = {
    "boolean": Kind(_boolean, {"type": "boolean"}),
    "choice": Kind(_choice, {"type": "string"}),
    "selectors": Kind(_texts, _STRINGS),
    "patterns": Kind(_patterns, _STRINGS),
    "ignores": Kind(_ignores, {"type": "object", "additionalProperties": _STRINGS}),
    "severities": Kind(_severities, {"type": "object", "additionalProperties": {"type": "string"}}),
    "files": Kind(_files, _STRINGS),
    "folders": Kind(_folders, _STRINGS),
    "path": Kind(_text, _STRING),
    "specifier": Kind(_text, _STRING),
    "budget": Kind(_budget, _BUDGET),
}
"""By the names by which keys ask for them."""
