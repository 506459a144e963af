"""The JSON Schema of the settings says what their reader says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from poolint.config import KEYS, ConfigError, Settings
from poolint.config.kinds import KINDS
from poolint.config.packed import schema_text
from poolint.config.reading import combined, given_inline
from poolint.config.settings import ATTRIBUTES
from poolint.deployment import declared
from poolint.tables import parsed

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = Draft7Validator(SCHEMA)


def test_it_is_a_schema_and_stands_in_the_documentation() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert (ROOT / "docs" / "poolint.schema.json").read_text(encoding="utf-8") == schema_text()


def test_all_settings_are_in_it_with_their_documentation() -> None:
    assert KEYS.keys() <= SCHEMA["properties"].keys()
    for key in KEYS.values():
        assert SCHEMA["properties"][key.name]["description"] == key.text
        assert key.text.endswith(".")
        assert key.kind in KINDS
        assert bool(key.flag) == bool(key.help)


def test_the_table_of_the_deployment_has_the_keys_that_are_read() -> None:
    budget = SCHEMA["properties"]["budget"]["properties"]
    assert sorted(budget) == sorted(declared._KEYS)
    assert sorted(budget["services"]["additionalProperties"]["properties"]) == sorted(declared._OF_SERVICE)


@pytest.mark.parametrize("key", [one for one in KEYS.values() if one.name != "extend"], ids=lambda one: one.name)
def test_each_example_can_be_used_and_is_valid(key: Any, tmp_path: Path) -> None:
    for name in ("src", "libs"):
        (tmp_path / name).mkdir()
    table = parsed(f"{key.name} = {key.example}".encode())
    assert list(VALIDATOR.iter_errors(table)) == []
    [given] = given_inline([table], str(tmp_path))
    settings = combined([given], str(tmp_path), "")
    assert getattr(settings, key.attribute) != key.default
    assert settings.origins[key.attribute] == ("--config",)


@pytest.mark.parametrize(
    "text",
    [
        "select = 'POL1'",
        "ignore = [1]",
        "exclude = 2020-01-01",
        "force-exclude = 'yes'",
        "certainty = 'sure'",
        "per-file-ignores = []",
        "per-file-ignores = {'a.py' = 'POL1'}",
        "budget = 3",
        "budget = {reserve = -1}",
        "budget = {reserv = 1}",
        "budget = {services = {web = {process = 1}}}",
        "cache = 1",
        "unknown = 1",
        "required-version = 2",
        "required-version = ''",
    ],
)
def test_both_refuse(text: str, tmp_path: Path) -> None:
    table = parsed(text.encode())
    with pytest.raises(ConfigError):
        given_inline([table], str(tmp_path))
    assert list(VALIDATOR.iter_errors(json.loads(json.dumps(table, default=str))))


@pytest.mark.parametrize(
    "text",
    [
        "select = []",
        "src = []",
        "budget = {max-connections = 100, services.web = {engines = ['a'], processes = 2}}",
        "budget.services.web.engines = {engine = 20}",
        "[rule-of-a-plugin]\nanything = 1",
        "[per-file-ignores]\n'!a.py' = ['ALL']",
    ],
)
def test_both_take(text: str, tmp_path: Path) -> None:
    table = parsed(text.encode())
    given_inline([table], str(tmp_path))
    assert list(VALIDATOR.iter_errors(table)) == []


def test_options_of_rules() -> None:
    from poolint.docs import own_rules

    for rule in own_rules():
        for option in rule.meta.options:
            name, value = rule.meta.name, option.default
            right = {name: {option.key: list(value) if isinstance(value, tuple) else value}}
            assert list(VALIDATOR.iter_errors(right)) == []
            assert list(VALIDATOR.iter_errors({name: {option.key: {}}}))
            assert list(VALIDATOR.iter_errors({name: {"no-option": 1}}))


def test_a_setting_is_declared_once() -> None:
    """No other part of poolint spells the name of an option of the command line that is a setting."""
    flags = [one.flag for one in KEYS.values() if one.flag]
    for name in ("arguments", "subcommands", "flags"):
        text = (ROOT / "src" / "poolint" / "cli" / f"{name}.py").read_text(encoding="utf-8")
        assert [flag for flag in flags if f'"{flag}"' in text] == []
    assert set(ATTRIBUTES) == {name for name, one in vars(Settings).items() if one in KEYS.values()}
