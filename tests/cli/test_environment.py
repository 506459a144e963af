"""Variables of the environment that stand in for options, and settings that what is kept has to know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolint.cli.main import main

LEAK = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n    pool.close()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.py").write_text(LEAK)
    monkeypatch.chdir(tmp_path)
    for name in ("POOLINT_OUTPUT_FORMAT", "POOLINT_OUTPUT_FILE", "POOLINT_CONFIG", "POOLINT_NO_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_formats_and_files(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POOLINT_OUTPUT_FORMAT", "json")
    assert main(["a.py"]) == 1
    assert json.loads(capfd.readouterr().out)[0]["code"] == "POL101"
    main(["check", "--output-format=concise", "a.py"])
    assert capfd.readouterr().out.startswith("a.py:5:5: POL101")
    monkeypatch.setenv("POOLINT_OUTPUT_FILE", "found.json")
    main([])
    assert json.loads((project / "found.json").read_text())[0]["code"] == "POL101"
    main(["check", "--output-file=other.json"])
    assert (project / "other.json").read_text() == (project / "found.json").read_text()
    monkeypatch.setenv("POOLINT_OUTPUT_FORMAT", "jsn")
    assert main([]) == 2
    assert "unknown format 'jsn' (did you mean 'json'?)" in capfd.readouterr().err


def test_what_is_kept_belongs_to_its_settings(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each of these runs finds another thing of the same file, before and after the others have kept theirs."""
    for _ in range(2):
        for arguments, code in (
            ([], 1),
            (["--config", "ignore = ['POL101']"], 0),
            (["--config", "per-file-ignores = {'a.py' = ['POL1']}"], 0),
            (["--config", "select = ['POL1']"], 1),
        ):
            assert main(["check", "-q", *arguments]) == code
        (project / "poolint.toml").write_text("extend = 'base.toml'\n")
        for text, code in (("ignore = ['POL1']\n", 0), ("ignore = ['POL2']\n", 1)):
            (project / "base.toml").write_text(text)
            assert main(["check", "-q"]) == code
        (project / "poolint.toml").unlink()
    assert (project / ".poolint_cache").is_dir()
    capfd.readouterr()


def test_other_commands_take_settings_as_well(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    del project
    assert main(["why", "a.py:5", "--config", "ignore = ['POL101']"]) == 0
    assert "--config" in capfd.readouterr().out
    assert main(["holds", "--config", "nothing = 1"]) != 0
    assert "--config: unknown key 'nothing'" in capfd.readouterr().err
