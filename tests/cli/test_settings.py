"""``poolint config``, ``--show-settings`` and ``--show-files``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolint.cli.main import main
from poolint.config import KEYS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.py", "b.txt", "gen/c.py", "lib/d.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "base.toml").write_text('select = ["POL1"]\nextend-exclude = ["old"]\n')
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poolint]\nextend = "base.toml"\nignore = ["POL105"]\nextend-exclude = ["gen"]\n'
        '[tool.poolint.per-file-ignores]\n"a b.py" = ["POL2"]\n[tool.poolint.budget]\nreserve = 3\n'
        '[tool.poolint.nested-checkout]\nallow = ["x"]\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLINT_CONFIG", raising=False)
    return tmp_path


def lines(capfd: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What was printed, and behind which comment."""
    rows = [line.rpartition("  # ") for line in capfd.readouterr().out.splitlines()]
    return {text.strip(): origin for text, _, origin in rows if text}


def test_each_value_is_shown_with_where_it_is_from(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "lib" / "poolint.toml").write_text("")
    assert main(["check", "--show-settings", "--certainty=possible", "--config", "cache=false", "--ignore=POL2"]) == 0
    shown = lines(capfd)
    assert shown['select = ["POL1"]'] == "base.toml"
    assert shown['ignore = ["POL105"]'] == "pyproject.toml"
    assert shown['ignore = ["POL2"]'] == "--ignore"
    assert shown['extend-exclude = ["old", "gen"]'] == "base.toml, pyproject.toml"
    assert shown['certainty = "possible"'] == "--certainty"
    assert shown["cache = false"] == "--config"
    assert shown["strict-noqa = false"] == "default"
    assert shown['per-file-ignores = { "a b.py" = ["POL2"] }'] == "pyproject.toml"
    assert shown["budget = { reserve = 3 }"] == "pyproject.toml"
    assert shown['nested-checkout.allow = ["x"]'] == "pyproject.toml"
    main(["check", "--show-settings", "a.py", "gen/c.py", "lib/d.py"])
    heads = [line for line in capfd.readouterr().out.splitlines() if line.startswith("# ") and ": " in line]
    assert heads == [
        f"# a.py: pyproject.toml; paths begin at {project}",
        f"# lib/d.py: lib/poolint.toml; paths begin at {project / 'lib'}",
    ]


def test_what_is_replaced_is_from_nowhere(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "poolint.toml").write_text('extend-exclude = ["a"]\n')
    main(["check", "--show-settings", "--exclude=b"])
    shown = lines(capfd)
    assert shown['exclude = ["b"]'] == "--exclude"
    assert shown["extend-exclude = []"] == "default"
    main(["check", "--show-settings", "--exclude=b", "--extend-exclude=c"])
    assert lines(capfd)['extend-exclude = ["c"]'] == "--extend-exclude"


def test_what_the_metadata_of_the_project_say_is_shown(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    main(["check", "--show-settings"])
    assert "# target-version is not set" in lines(capfd)
    file = project / "pyproject.toml"
    file.write_text(f'[project]\nrequires-python = ">=3.11"\n{file.read_text()}')
    main(["check", "--show-settings"])
    assert lines(capfd)['target-version = "py311"'] == "requires-python in pyproject.toml"


def test_what_would_be_checked(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    del project
    assert main(["check", "--show-files"]) == 0
    assert capfd.readouterr().out.split() == ["a.py", "lib/d.py"]
    assert main(["check", "--show-files", "--exclude=lib", ".", "gen/c.py"]) == 0
    assert capfd.readouterr().out.split() == ["a.py", "gen/c.py"]
    assert main(["check", "--show-files", "--config", "nothing=1"]) == 2


def test_all_settings_are_listed_and_explained(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    del project
    assert main(["config"]) == 0
    out = capfd.readouterr().out
    for key in KEYS:
        assert f"{key} " in out
    assert main(["config", "extend-exclude"]) == 0
    out = capfd.readouterr().out
    assert "Option:  --extend-exclude" in out
    assert 'Example: extend-exclude = ["migrations/"]' in out
    assert main(["config", "--output-format=json"]) == 0
    assert [one["key"] for one in json.loads(capfd.readouterr().out)] == list(KEYS)
    assert main(["config", "schema"]) == 0
    assert json.loads(capfd.readouterr().out)["title"] == "Settings of poolint"
    assert main(["config", "exclud"]) == 2
    assert "unknown setting 'exclud' (did you mean 'exclude'?)" in capfd.readouterr().err


def test_all_files_are_verified(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.poolint]\n")
    for name, text in (
        ("a", "select = ['POL1']"),
        ("b", "selct = []"),
        ("c", "ignore = ['POL9999']"),
        ("d", "[nested-checkout]\nno = 1"),
        (".venv", "selct = []"),
    ):
        (project / name).mkdir()
        (project / name / "poolint.toml").write_text(text)
    assert main(["config", "verify"]) == 2
    said = capfd.readouterr()
    assert said.out.splitlines() == ["pyproject.toml: right", "a/poolint.toml: right"]
    assert [line.partition(" (did")[0] for line in said.err.splitlines()] == [
        "poolint: error: b/poolint.toml: unknown key 'selct'",
        "poolint: error: c/poolint.toml: ignore: unknown rule selector 'POL9999'",
        "poolint: error: d/poolint.toml: [nested-checkout] unknown key 'no'",
    ]
    assert main(["config", "verify", "a", "a/poolint.toml"]) == 0
    assert main(["config", "verify", "none"]) == 2
