"""Options that are settings: made of their declarations, and read back as what goes over all files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.config import ConfigError, Overrides, Resolver, Selectors
from poolint.config.kinds import check_patterns
from poolint.config.settings import ATTRIBUTES, SELECTORS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from poolint.config.key import Key

_FLAGS = {key.attribute: key for key in ATTRIBUTES.values() if key.flag}


def add_settings(groups: Mapping[str, argparse._ActionsContainer], only: tuple[str, ...] = tuple(_FLAGS)) -> None:
    """Add an option for each setting that has one to the group of its section, or for ``only`` some of them."""
    for key in map(_FLAGS.__getitem__, only):
        group = groups[key.section]
        if key.kind == "boolean":
            group.add_argument(key.flag, dest=key.attribute, action="store_true", default=None, help=key.help)
            opposite = f"--no-{key.name}"
            group.add_argument(opposite, dest=key.attribute, action="store_false", default=None, help="the opposite")
        elif key.kind == "choice":
            group.add_argument(key.flag, dest=key.attribute, choices=key.choices, help=key.help)
        else:
            metavar = {"selectors": "RULES", "patterns": "GLOBS", "ignores": "GLOB:RULES", "files": "FILE"}[key.kind]
            group.add_argument(key.flag, dest=key.attribute, action="append", metavar=metavar, help=key.help)


def add_configuration(parser: argparse._ActionsContainer) -> None:
    """Add the options that say which settings are read."""
    parser.add_argument(
        "--config",
        action="append",
        metavar="FILE|KEY=VALUE",
        help="take the settings from this file, or one setting as TOML: --config \"certainty = 'possible'\"",
    )
    parser.add_argument("--isolated", action="store_true", help="read no files with settings")


def overrides(options: argparse.Namespace) -> Overrides:
    """What the options say of every file. Raises ``ConfigError``."""
    given = {name: getattr(options, name, None) for name in _FLAGS}
    values = {name: _value(_FLAGS[name], given[name]) for name in _FLAGS if given[name] is not None}
    layer: Any = {name: values.pop(name) for name in SELECTORS if name in values}
    file, inline = _configuration(getattr(options, "config", None) or [])
    if file and getattr(options, "isolated", False):
        raise ConfigError(f"--config={file} cannot be used with --isolated, which reads no files with settings")
    return Overrides(Selectors(**layer, origin="--"), values, inline, file)


def resolver(options: argparse.Namespace) -> Resolver:
    """Finds settings below the working directory, as options say."""
    return Resolver(os.getcwd(), options.isolated, overrides(options))


def _configuration(given: list[str]) -> tuple[str, tuple[dict[str, Any], ...]]:
    """The file that is named, if one is, and the settings that stand on the command line themselves."""
    files, inline = [], []
    for text in given:
        if os.path.isfile(text) or (text.endswith(".toml") and "=" not in text):
            files.append(text)
            continue
        from poolint.config.reading import inline_table

        inline.append(inline_table(text))
    if len(files) > 1:
        raise ConfigError(
            f"--config: {files[0]} and {files[1]} cannot both hold the settings; one may `extend` the other"
        )
    return (files[0] if files else ""), tuple(inline)


def _value(key: Key[Any], given: Any) -> object:
    if key.kind == "selectors":
        return _split(key.flag, given)
    if key.kind == "patterns":
        found = _patterns(key.flag, given)
        check_patterns(found, "the command line:", key.name)
        return found
    if key.kind == "ignores":
        rows = _ignores(key.flag, given)
        check_patterns((pattern for pattern, _ in rows), "the command line:", key.flag[2:])
        return rows
    if key.kind == "files":
        return tuple(map(os.path.abspath, given))
    return given


def _patterns(option: str, values: list[str]) -> tuple[str, ...]:
    """The patterns in the values of an option. Raises ``ConfigError`` for a value without any."""
    found = [[part.strip() for part in value.split(",") if part.strip()] for value in values]
    if not all(found):
        raise ConfigError(f"{option}: an empty pattern was given: is a variable not set?")
    return tuple(part for parts in found for part in parts)


def _ignores(option: str, values: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """``tests/*:POL4,POL301`` as a pattern and its rules. Raises ``ConfigError`` where one of them is missing."""
    found = []
    for value in values:
        pattern, colon, rules = value.rpartition(":")
        if not colon or not pattern.strip():
            raise ConfigError(f"{option}: {value!r} is no GLOB:RULES, such as 'tests/*:POL4'")
        found.append((pattern.strip(), _split(option, [rules])))
    return tuple(found)


def _split(option: str, values: list[str]) -> tuple[str, ...]:
    """The selectors in the values of an option. Raises ``ConfigError`` for a value without any: an unset variable of a
    shell would make a run that checks nothing, and looks clean."""
    found: list[str] = []
    for value in values:
        selectors = [part.strip() for part in value.split(",") if part.strip()]
        if not selectors:
            raise ConfigError(
                f"{option}: {value!r} names no rule; leave the option out, or name a code, a prefix or ALL"
            )
        found += selectors
    return tuple(found)
