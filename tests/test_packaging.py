"""What is installed is whole, and what the README and the changelog promise of it is there."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

import pytest

import poolint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
OUR_RULES = sorted(PROJECT["entry-points"]["poolint.rules"])

INSTALLED = Path(poolint.__file__).parent


def test_the_version_is_one() -> None:
    assert distribution("poolint").version == poolint.__version__
    assert f"\n## {poolint.__version__}\n" in CHANGELOG
    assert f"rev: v{poolint.__version__}\n" in README


def test_every_dependency_has_a_lower_bound() -> None:
    extras = PROJECT["optional-dependencies"].values()
    for requirement in [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]:
        assert ">=" in requirement.partition(";")[0], requirement


def test_data_is_installed() -> None:
    models = INSTALLED / "models"
    assert (INSTALLED / "py.typed").exists()
    assert (models / "ready.msgpack").stat().st_size
    assert (models / "ready.screen").stat().st_size
    assert list(models.glob("*.toml"))


@pytest.mark.parametrize("code", OUR_RULES)
def test_entry_points_lead_to_rules(code: str) -> None:
    [point] = [one for one in entry_points(group="poolint.rules") if one.name == code]
    assert point.load().meta.code == code


def test_flake8_finds_the_plugin() -> None:
    [point] = [one for one in entry_points(group="flake8.extension") if one.value.startswith("poolint.")]
    assert re.fullmatch(r"[A-Z]{1,3}[0-9]{0,3}", point.name)
    assert point.load().name == "poolint"


@pytest.mark.parametrize("code", OUR_RULES)
def test_each_rule_is_in_the_readme_and_the_changelog(code: str) -> None:
    assert f"[{code}](docs/rules.md#{code.lower()}-" in README
    assert code in CHANGELOG


def test_the_readme_has_two_commands_of_one_line() -> None:
    blocks = re.findall(r"^```sh\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        assert "\n" not in block
        assert block.startswith("python3 -m venv ")


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
