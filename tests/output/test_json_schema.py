"""What is printed in JSON is what the packed schema says, and has its version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from poolint.cli.main import main
from poolint.output.json import VERSION
from poolint.output.packed import schema_text

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = Draft7Validator(SCHEMA)
FINDING = SCHEMA["definitions"]["finding"]


def test_it_is_a_schema_and_stands_in_the_documentation() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert (ROOT / "docs" / "findings.schema.json").read_text(encoding="utf-8") == schema_text()
    assert FINDING["properties"]["schema_version"]["const"] == VERSION
    assert str(VERSION) in (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", ["POL101", "POL202", "POL402", "POL406"])
def test_findings_are_valid(rule: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With fixes, paths, places where they are made again, and without any of them; no key is left undescribed."""
    app = tmp_path / "app"  # other rules hold in a folder of tests
    app.mkdir()
    for one in [each for each in sorted((FIXTURES / rule).glob("*.py")) if not each.name.startswith("good_")][:8]:
        (app / one.name).write_bytes(one.read_bytes())
    main(["check", "--no-cache", "--isolated", "--certainty=possible", "--output-format=json", str(app)])
    found = json.loads(capfd.readouterr().out)
    assert rule in {one["code"] for one in found}
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    for one in found:
        assert list(one) == FINDING["required"]
        assert one["schema_version"] == VERSION
        for part, shape in (("path", "step"), ("also", "place")):
            for each in one[part]:
                assert {*each, "cell"} == set(SCHEMA["definitions"][shape]["properties"])  # a cell only in notebooks


def test_lines_are_items_of_the_same(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import asyncpg\n\n\nasync def f(pool: asyncpg.Pool):\n    pool.close(\n")
    main(["check", "--no-cache", "--isolated", "--output-format=json-lines", str(tmp_path)])
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [one["code"] for one in rows] == ["POL901"]
    assert list(VALIDATOR.iter_errors(rows)) == []


def test_what_is_not_a_finding_is_refused() -> None:
    assert list(VALIDATOR.iter_errors([{"code": "POL101"}]))
    assert list(VALIDATOR.iter_errors({}))


def test_it_can_be_had_from_the_command_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "findings-schema"]) == 0
    assert json.loads(capfd.readouterr().out) == SCHEMA
