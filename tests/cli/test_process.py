"""poolint as a process of its own: what it does to itself, to pipes and to terminals that know no Unicode."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.cli import main as entry

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def process(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "poolint", *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = '\\d'\n")
    ran = process("a.py", cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"All checks passed!\n", b"")


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "poolint", "--output-format=concise", *(f"missing{i}.py" for i in range(3000))],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.read(10)
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(60) == 0


def test_a_terminal_that_knows_no_unicode(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import asyncpg\npool = asyncpg.create_pool()\nx = 'ä\u2028' = 1\n", encoding="utf-8"
    )
    ran = process("ä.py", "a.py", cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.returncode == 1
    assert b"no such file or directory: \\xe4.py" in ran.stdout
    assert b"'\\xe4" in ran.stdout
    assert ran.stderr == b""


def ended(command: str, cwd: Path, **env: str) -> tuple[int, list[str]]:
    """Exit code of a shell command in which ``POOLINT`` stands for poolint, and what it wrote to standard error."""
    command = command.replace("POOLINT", f"'{sys.executable}' -m poolint")
    ran = subprocess.run(
        ["sh", "-c", command], cwd=cwd, capture_output=True, check=False, timeout=60, env={**os.environ, **env}
    )
    return ran.returncode, ran.stderr.decode().splitlines()


NO_SPACE = ["poolint: error: standard output: No space left on device"]
CLOSED = ["poolint: error: standard output is closed"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
@pytest.mark.parametrize("arguments", ["a.py", "--output-format=json a.py", "rule --all", "--help", "--version"])
def test_output_that_nothing_takes(tmp_path: Path, arguments: str, unbuffered: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    assert ended(f"POOLINT {arguments} >/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered) == (2, NO_SPACE)


@pytest.mark.skipif(sys.platform == "win32", reason="no such shell")
@pytest.mark.parametrize(
    ("command", "end"),
    [
        ("POOLINT a.py >&-", (2, CLOSED)),
        ("POOLINT rule --all >&-", (2, CLOSED)),
        ("POOLINT --help >&-", (2, CLOSED)),
        ("POOLINT a.py >&- 2>&-", (2, [])),
        ("POOLINT a.py 2>&-", (0, [])),
        ("POOLINT a.py <&-", (0, [])),
        ("POOLINT - <&-", (2, ["poolint: error: standard input is closed"])),
        ("mkdir x && cd x && rmdir ../x && POOLINT .", (2, ["poolint: error: the working directory does not exist any more"])),
        ("mkdir x && cd x && rmdir ../x && POOLINT rule POL101", (0, [])),
    ],
)  # fmt: skip
def test_an_environment_that_lacks_something(tmp_path: Path, command: str, end: tuple[int, list[str]]) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    assert ended(command, tmp_path) == end


def test_the_collector_is_off_in_its_own_process_only(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a.py").write_text("pool\n")
    assert gc.isenabled()
    run("a.py")
    assert gc.isenabled()
    monkeypatch.setattr(sys, "argv", ["poolint", "a.py"])
    monkeypatch.setattr("warnings.simplefilter", lambda *_: None)
    monkeypatch.setattr(entry, "is_own", False)  # restored at the end
    try:
        assert entry.main() == 0
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_an_interrupt_ends_it_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("poolint.runner.Runner.run", interrupt)
    ran = run("a.py")
    assert (ran.code, ran.out, ran.err) == (130, "", "")
