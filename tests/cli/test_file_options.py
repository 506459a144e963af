"""Options that say which files are checked for what, and files with arguments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolint.cli.main import main

LEAK = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n    pool.close()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for name in ("app/a.py", "app/b.py", "old/c.py", "venv/d.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(LEAK)
    (root / "pyproject.toml").write_text('[tool.poolint]\nextend-exclude = ["old"]\n')
    monkeypatch.chdir(root)
    return root


def found(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    main(["check", "--no-cache", "--output-format=json", *arguments])
    return [Path(one["filename"]).name for one in json.loads(capfd.readouterr().out)]


def test_what_is_left_out(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    del project
    assert found(capfd, ".") == ["a.py", "b.py"]
    assert found(capfd, "--extend-exclude=b.py", ".") == ["a.py"]
    assert found(capfd, "--extend-exclude", "b.py,a.py", ".") == []
    assert found(capfd, "--exclude=app", ".") == ["c.py", "d.py"]
    assert found(capfd, "--exclude=app", "--extend-exclude=venv", ".") == ["c.py"]


def test_what_is_not_run_where(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert found(capfd, "--per-file-ignores=app/a.py:POL1", ".") == ["b.py"]
    assert (
        found(capfd, "--per-file-ignores", "a.py:POL101", "--per-file-ignores", "b.py:unawaited-release,POL2", ".")
        == []
    )
    (project / "pyproject.toml").write_text('[tool.poolint.per-file-ignores]\n"b.py" = ["ALL"]\n')
    assert found(capfd, "--per-file-ignores=a.py:POL1", "app") == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--per-file-ignores=POL101", "'POL101' is no GLOB:RULES"),
        ("--per-file-ignores=:POL101", "':POL101' is no GLOB:RULES"),
        ("--per-file-ignores=a.py:", "'' names no rule"),
        ("--per-file-ignores=a.py:NOPE", "unknown rule selector 'NOPE'"),
        ("--exclude=", "--exclude: an empty pattern was given"),
        ("--extend-exclude=[", "the command line: 'extend-exclude' has the pattern '['"),
    ],
)
def test_what_cannot_be_meant(project: Path, capfd: pytest.CaptureFixture[str], option: str, said: str) -> None:
    del project
    assert main(["check", option, "."]) == 2
    assert said in capfd.readouterr().err


def test_arguments_in_a_file(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "args.txt").write_text("--output-format\njson\n\n--extend-exclude=b.py\napp\n")
    assert main(["@args.txt"]) == 1
    assert [Path(one["filename"]).name for one in json.loads(capfd.readouterr().out)] == ["a.py"]
    assert main(["check", "--no-cache", "@args.txt", "venv"]) == 1
    assert [Path(one["filename"]).name for one in json.loads(capfd.readouterr().out)] == ["a.py", "d.py"]
    with pytest.raises(SystemExit) as ended:
        main(["check", "@no.txt"])
    assert ended.value.code == 2
    assert "no.txt" in capfd.readouterr().err
