"""Options of rules: from the tables ``[tool.poolint.<rule-name>]`` to values of the types that the rules declare.

``config`` takes the tables as they stand, since it knows no rule; here they meet the rules, once these are loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.bounds import clipped
from poolint.config import KEYS, ConfigError, kind_of, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from poolint.config import Settings
    from poolint.rules.base import Meta, Option, OptionValue, Rule

Given = dict[str, dict[str, "OptionValue"]]
"""The options of each rule that has any, by its code: what the settings say, and the defaults for the rest."""


def resolved(settings: Settings, rules: Iterable[type[Rule]]) -> Given:
    """The options of all rules under ``settings``. Raises :class:`ConfigError` that names file, table and key."""
    metas = {rule.meta.name: rule.meta for rule in rules}
    for name, table in settings.rule_tables.items():
        where = settings.place(name)
        if name not in metas:
            known = [one for one, meta in metas.items() if meta.options]
            of_code = [meta.name for meta in metas.values() if meta.code == name.upper()]
            hint = f" (did you mean {of_code[0]!r}?)" if of_code else nearest(name, [*known, *KEYS])
            raise ConfigError(f"{where} no rule has this name{hint}")
        options = {option.key: option for option in metas[name].options}
        for key, value in table.items():
            if key not in options:
                has = nearest(key, options) if options else ": the rule has no options"
                raise ConfigError(f"{where} unknown key {clipped(key)}{has}")
            _check(options[key], value, where)
    return {meta.code: _values(meta.options, settings.rule_tables.get(name, {})) for name, meta in metas.items()}


def described(meta: Meta) -> str:
    """What may be set for a rule, as the documentation puts it; empty where nothing may."""
    if not meta.options:
        return ""
    rows = [f"- `{one.key}` (default `{shown_value(one.default)}`): {one.text}" for one in meta.options]
    return "\n".join([f"Set in the table `[tool.poolint.{meta.name}]` of `pyproject.toml`:", "", *rows])


def shown_value(value: OptionValue) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(shown_value(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _values(options: Iterable[Option], table: Mapping[str, Any]) -> dict[str, OptionValue]:
    values: dict[str, OptionValue] = {}
    for option in options:
        value = table.get(option.key, option.default)
        values[option.key] = tuple(value) if isinstance(value, list) else value
    return values


def _check(option: Option, value: object, where: str) -> None:
    """Refuse a value that is not of the kind of the option's default."""
    place = f"{where} {option.key!r} must be"
    default = option.default
    if isinstance(default, tuple):
        if not isinstance(value, list):
            raise ConfigError(f"{place} a list of strings, not {kind_of(value)}")
        for item in value:
            if not isinstance(item, str):
                raise ConfigError(f"{place} a list of strings; it has {kind_of(item)} in it: {clipped(item)}")
    elif type(value) is not type(default):
        wanted = "true or false" if isinstance(default, bool) else kind_of(default)
        raise ConfigError(f"{place} {wanted}, not {kind_of(value)}")
    elif not isinstance(value, bool) and isinstance(value, int) and value < 0:
        raise ConfigError(f"{place} 0 or more, not {clipped(value)}")
