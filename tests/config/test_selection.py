"""Selectors: which rules run under which layers, and which selectors are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from poolint import selection
from poolint.config import ConfigError, Selectors, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.rules.base import Rule

NAMES: dict[str, str | None] = {
    "POL101": "unawaited-release",
    "POL102": "unawaited-transaction",
    "POL201": "checkout-never-released",
    "POL210": "manual-release",
    "XYZ1": "of-a-plugin",
}
OPT_IN = {"POL210"}


def rules() -> list[type[Rule]]:
    made = [
        SimpleNamespace(meta=SimpleNamespace(code=code, name=name, default=code not in OPT_IN, preview=False))
        for code, name in NAMES.items()
    ]
    return cast("list[type[Rule]]", made)


def split(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def settings(
    select: str | None = None, ignore: str = "", extend_select: str = "", extend_ignore: str = "", **over: str
) -> Settings:
    """The first four as in the file; with ``cli_`` in front as on the command line."""
    line = Selectors(
        split(over["cli_select"]) if "cli_select" in over else None,
        split(over.get("cli_ignore")),
        split(over.get("cli_extend_select")),
        split(over.get("cli_extend_ignore")),
        "--",
    )
    return Settings(
        select=None if select is None else split(select),
        ignore=split(ignore),
        extend_select=split(extend_select),
        extend_ignore=split(extend_ignore),
        command_line=line,
    )


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, "POL101 POL102 POL201 XYZ1"),
        ({"select": "ALL"}, "POL101 POL102 POL201 POL210 XYZ1"),
        ({"select": "POL2"}, "POL201 POL210"),
        ({"select": "POL"}, "POL101 POL102 POL201 POL210"),
        ({"select": ""}, ""),
        ({"select": "unawaited-release"}, "POL101"),
        ({"extend_select": "POL210"}, "POL101 POL102 POL201 POL210 XYZ1"),
        ({"ignore": "POL1"}, "POL201 XYZ1"),
        ({"ignore": "POL1", "extend_ignore": "XYZ"}, "POL201"),
        # The longest prefix wins, and at the same length the ignore.
        ({"select": "POL101", "ignore": "POL1"}, "POL101"),
        ({"select": "POL1", "ignore": "POL101"}, "POL102"),
        ({"select": "POL1", "ignore": "POL1"}, ""),
        ({"select": "ALL", "ignore": "ALL"}, ""),
        ({"ignore": "ALL", "extend_select": "POL1"}, "POL101 POL102"),
        ({"ignore": "POL1", "extend_select": "unawaited-release"}, "POL101 POL201 XYZ1"),
        # A select on the command line begins anew, an ignore there only takes away.
        ({"select": "POL1", "ignore": "POL102", "cli_select": "POL102"}, "POL102"),
        ({"select": "POL101", "cli_ignore": "POL"}, ""),
        ({"ignore": "POL101", "cli_ignore": "POL102"}, "POL201 XYZ1"),
        ({"ignore": "POL1", "cli_extend_select": "POL"}, "POL101 POL102 POL201 POL210 XYZ1"),
        ({"select": "POL1", "cli_extend_select": "POL210", "cli_extend_ignore": "POL101"}, "POL102 POL210"),
    ],
)
def test_what_runs(given: dict[str, str], codes: str) -> None:
    assert selection.enabled(settings(**given), rules()) == frozenset(codes.split())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"cli_select": "POL1O1"}, "--select: unknown rule selector 'POL1O1' (did you mean 'POL101'?)"),
        ({"cli_ignore": "pol101"}, "--ignore: unknown rule selector 'pol101' (did you mean 'POL101'?)"),
        ({"cli_extend_select": "all"}, "--extend-select: unknown rule selector 'all' (did you mean 'ALL'?)"),
        ({"cli_extend_ignore": "E501"}, "--extend-ignore: unknown rule selector 'E501'"),
        ({"cli_select": "POL7"}, "--select: unknown rule selector 'POL7'"),
        ({"cli_select": "POL1011"}, "--select: unknown rule selector 'POL1011' (did you mean 'POL101'?)"),
        (
            {"cli_select": "unawaited-relase"},
            "--select: unknown rule selector 'unawaited-relase' (did you mean 'unawaited-release'?)",
        ),
    ],
)
def test_an_unknown_selector_is_named_with_its_origin(given: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        selection.validate(settings(**given), NAMES)
    assert str(caught.value) == told


def test_one_in_a_file_is_named_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    of_file = Settings(select=("POL1", "NO"), source=str(tmp_path / "pyproject.toml"))
    with pytest.raises(ConfigError, match=r"^pyproject\.toml: \[tool\.poolint\] select: unknown rule selector 'NO'"):
        selection.validate(of_file, NAMES)
    of_table = Settings(per_file_ignores=(("a*", ("NO",)),), source=str(tmp_path / "pyproject.toml"))
    with pytest.raises(ConfigError, match=r"per-file-ignores\.'a\*': unknown rule selector 'NO'"):
        selection.validate(of_table, NAMES)


@pytest.mark.parametrize("given", [{"cli_select": "XYZ"}, {"select": "ALL"}, {"extend_select": "XYZ1"}])
def test_a_selected_rule_that_cannot_run_is_an_error(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"select: rule XYZ1 is selected and cannot run: no module"):
        selection.validate(settings(**given), NAMES, {"XYZ1": "no module"})


@pytest.mark.parametrize("given", [{}, {"select": "POL"}, {"select": "ALL", "ignore": "XYZ1"}, {"cli_ignore": "XYZ"}])
def test_one_that_nobody_has_selected_is_none(given: dict[str, str]) -> None:
    selection.validate(settings(**given), NAMES, {"XYZ1": "no module"})


@pytest.mark.parametrize(
    ("given", "nothing"),
    [
        ({}, False),
        ({"select": "POL1"}, False),
        ({"select": ""}, True),
        ({"select": "", "cli_extend_select": "POL1"}, False),
        ({"select": "POL1", "ignore": "POL1"}, True),
        ({"select": "POL101", "cli_ignore": "POL1"}, True),
        ({"cli_ignore": "ALL"}, True),
        ({"cli_ignore": "POL,XYZ1"}, True),
        ({"cli_ignore": "POL"}, False),
        ({"cli_ignore": "ALL", "cli_extend_select": "manual-release"}, False),
        ({"cli_select": "POL901"}, False),
    ],
)
def test_whether_any_rule_is_left(given: dict[str, str], nothing: bool) -> None:
    assert selection.leaves_nothing(settings(**given), NAMES) is nothing


@pytest.mark.parametrize("selector", ["ALL", "POL", "POL1", "POL101", "XYZ", "POL9", "POL901", "manual-release"])
def test_what_means_something_is_taken(selector: str) -> None:
    selection.validate(settings(cli_select=selector, cli_ignore=selector), NAMES)


@pytest.mark.parametrize(
    ("pattern", "path", "yes"),
    [
        ("tests/*", "tests/a/b.py", True),
        ("tests/**/*.py", "tests/b.py", True),
        ("test_*.py", "src/deep/test_x.py", True),
        ("*.py", "src/x.py", True),
        ("src/x.py", "src/x.py", True),
        ("x.py", "src/x.pyi", False),
        ("src", "src/x.py", False),
        ("src/{a,b}.py", "src/b.py", True),
        ("src/{a,b}.py", "src/c.py", False),
        ("src/[ab].py", "src/b.py", True),
        ("src/[!ab].py", "src/b.py", False),
        ("?.py", "src/x.py", True),
        ("!src/**", "src/x.py", False),
        ("!src/**", "lib/x.py", True),
        ("./src/x.py", "src/x.py", True),
    ],
)
def test_per_file_ignores(tmp_path: Path, pattern: str, path: str, yes: bool) -> None:
    made = Settings(per_file_ignores=((pattern, ("POL1", "POL2")), ("none", ("POL3",))), root=str(tmp_path))
    assert selection.ignored_in(made, str(tmp_path / path)) == (("POL1", "POL2") if yes else ())


def test_what_poolint_says_of_itself_is_only_ignored_explicitly(tmp_path: Path) -> None:
    path = str(tmp_path / "a.py")
    assert not selection.internal_ignored(settings(cli_select="POL101"), "POL901", path)
    assert selection.internal_ignored(settings(ignore="POL901"), "POL901", path)
    assert selection.internal_ignored(settings(cli_ignore="POL9"), "POL900", path)
    of_file = Settings(per_file_ignores=(("a.py", ("POL901",)),), root=str(tmp_path))
    assert selection.internal_ignored(of_file, "POL901", path)
    assert not selection.internal_ignored(of_file, "POL900", path)
