"""``--watch``: what is run again and when, what it refuses, and what it says where its library is missing."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from poolint.cli import watching
from poolint.cli.main import main

BAD = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def f(s: AsyncSession) -> None:\n    s.commit()\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(watching.IS_CHECK, raising=False)
    (tmp_path / "app.py").write_text(BAD)
    return tmp_path


def test_a_check_for_each_batch_of_changes(capfd: pytest.CaptureFixture[str]) -> None:
    ran: list[Any] = []

    def run(command: list[str], **options: Any) -> None:
        ran.append((command, options["env"][watching.IS_CHECK]))

    watching.repeat(["poolint"], [["a.py"], ["a.py", "b.py", "c.py", "d.py"]], run)
    assert ran == [(["poolint"], "1")] * 3
    said = capfd.readouterr().err
    assert "a.py changed\n" in said
    assert "a.py, b.py, c.py and 1 more changed\n" in said


def test_the_check_is_a_process_that_does_not_watch(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    watched: list[str] = []

    def one(paths: list[str]) -> list[list[str]]:
        watched.extend(paths)
        return [["app.py"]]

    monkeypatch.setattr(watching, "changes", one)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    assert main(["check", "--watch", "--no-cache", "--output-format=concise", "app.py"]) == 0
    assert capfd.readouterr().out.count("app.py:5:5: POL102") == 2
    assert watched == ["app.py"]


def test_settings_outside_of_what_is_checked_are_watched(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (here / "pyproject.toml").write_text("[tool.poolint]\n")
    (here / "src").mkdir()
    watched: list[str] = []
    monkeypatch.setattr(watching, "changes", lambda paths: watched.extend(paths) or [])
    monkeypatch.setattr(watching, "repeat", lambda *_: None)
    assert main(["check", "--watch", "src"]) == 0
    assert watched == ["src", str(here / "pyproject.toml")]
    assert not capfd.readouterr().err


def test_an_interrupt_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "changes", lambda _: [])
    monkeypatch.setattr(watching, "repeat", interrupted)
    assert main(["check", "--watch", "."]) == 0


@pytest.mark.parametrize("option", ["--fix", "--diff", "--add-noqa"])
def test_it_only_looks(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--watch", option, "."]) == 2
    assert f"--watch only looks: it cannot be used with {option}" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-"], ["--stdin-filename=a.py"], ["gone"]])
def test_what_cannot_be_watched(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--watch", *arguments]) == 2
    assert "error: " in capsys.readouterr().err


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert main(["check", "--watch", "."]) == 2
    assert "--watch needs watchfiles: pip install 'poolint[watch]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "relevant"),
    [
        ("app.py", True),
        ("app.PYI", True),
        ("pyproject.toml", True),
        ("uv.lock", True),
        ("notes.md", False),
        (os.path.join(".poolint_cache", "a.py"), False),
    ],
)
def test_what_findings_rest_on(path: str, relevant: bool) -> None:
    assert watching.is_relevant(path) is relevant


def test_a_file_that_is_saved_is_seen(here: Path) -> None:
    """With the real library. Somebody saves the file until it has been seen: however long that takes."""
    pytest.importorskip("watchfiles", reason="watchfiles is not installed")
    seen = threading.Event()
    (here / "notes.md").touch()

    def save() -> None:
        while not seen.wait(0.05):
            (here / "notes.md").write_text("x")
            (here / "app.py").write_text(BAD)

    saver = threading.Thread(target=save)
    saver.start()
    try:
        batch = next(iter(watching.changes([str(here)])))
    finally:
        seen.set()
        saver.join()
    assert [os.path.basename(path) for path in batch] == ["app.py"]
