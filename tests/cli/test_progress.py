"""The bar: for somebody at a terminal who has waited, and gone when the run ends."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.cli import progress

if TYPE_CHECKING:
    from pathlib import Path

pty = pytest.importorskip("pty", reason="no terminals")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

SCRIPT = """
import os, sys
import poolint.workers
from poolint.cli import progress
poolint.workers.PAYS = 1
progress.PATIENCE = {patience}
from poolint.cli.main import run
run()
"""


def at_terminal(folder: Path, *arguments: str, patience: float = -1, **env: str) -> tuple[int, bytes, bytes]:
    """Exit code, standard output, and what a terminal gets that is standard error."""
    for number in range(6):
        (folder / f"m{number}.py").write_text("import asyncpg\nx = 1\n")
    script = folder.parent / "script.py"
    script.write_text(SCRIPT.format(patience=patience))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "TERM")}
    try:
        running = subprocess.Popen(
            [sys.executable, str(script), "check", *arguments, "."],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**kept, "TERM": "xterm", **env},
        )
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # how Linux tells that the other end is closed
            pass
        out, _ = running.communicate(timeout=60)
    finally:
        os.close(ours)
    return running.returncode, out, seen


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_it_is_drawn_and_erased(tmp_path: Path, jobs: str) -> None:
    code, out, seen = at_terminal(tmp_path, jobs)
    assert (code, out) == (0, b"All checks passed!\n")
    assert b"Checking" in seen
    assert b"/6" in seen
    assert seen.rpartition(b"\r")[0].rpartition(b"\r")[2].strip() == b""
    assert seen.endswith(b"\r")


@pytest.mark.parametrize(
    ("arguments", "env"),
    [(("--quiet",), {}), ((), {"CI": "true"}), ((), {"TERM": "dumb"})],
    ids=["quiet", "CI", "dumb terminal"],
)
def test_nobody_wants_one(tmp_path: Path, arguments: tuple[str, ...], env: dict[str, str]) -> None:
    assert at_terminal(tmp_path, *arguments, **env)[2] == b""


def test_a_short_run_has_none(tmp_path: Path) -> None:
    assert at_terminal(tmp_path, patience=600)[2] == b""


def test_what_is_no_terminal_gets_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = 1\n")
    script = tmp_path.parent / "script.py"
    script.write_text(SCRIPT.format(patience=-1))
    ran = subprocess.run([sys.executable, str(script), "check", "."], cwd=tmp_path, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"All checks passed!\n", b"")


def test_the_last_file_draws_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    bar = progress.Progress()
    bar(1)
    assert bar._bar is None
    bar.close()
