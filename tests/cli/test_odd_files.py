"""What is no regular file is told when it was named and passed over when it was found; nothing waits for it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")

LEAKING = "pool\nleak()\n"
LEAK = "z.py:2:1: POL101 [*] `leak()` leaks"


@pytest.fixture(autouse=True)
def good(project: Path) -> Iterator[None]:
    """A file that has to be checked whatever else is there; and a read that waits for ever fails."""

    def give_up(*_: object) -> None:
        raise TimeoutError("read what has no end")

    (project / "z.py").write_text(LEAKING)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def make(kind: str, path: str) -> str:
    """Put a thing of that kind there, and say how it is called."""
    if kind == "pipe":
        os.mkfifo(path)
        return "a named pipe"
    if kind == "socket":
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.close()
        return "a socket"
    if kind == "endless":
        os.symlink("/dev/zero", path)
        return "a device"
    os.mkfifo("elsewhere")
    os.symlink("elsewhere", path)
    return "a named pipe"


KINDS = ["pipe", "socket", "endless", "link to a pipe"]


@pytest.mark.parametrize("kind", KINDS)
def test_as_a_source(run: Run, kind: str) -> None:
    what = make(kind, "a.py")
    found = run("--output-format=concise", ".")
    assert found.out.splitlines()[0] == LEAK
    assert "a.py" not in found.out + found.err
    named = run("--output-format=concise", "a.py", "z.py")
    assert named.code == 1
    assert named.out.splitlines()[:2] == [
        f"a.py:1:1: POL901 cannot be read: it is {what}, not a regular file",
        LEAK,
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["pyproject.toml", ".gitignore", ".git/info/exclude", "requirements.txt", "uv.lock"])
def test_as_what_goes_with_the_sources(project: Path, run: Run, kind: str, name: str) -> None:
    (project / ".git" / "info").mkdir(parents=True)
    make(kind, name)
    ran = run("--output-format=concise", ".")
    assert ran.out.splitlines()[0] == LEAK
    assert ran.code == 1


def test_directories_with_names_of_files(project: Path, run: Run) -> None:
    for name in ("a.py", "pyproject.toml", ".gitignore"):
        (project / name).mkdir()
    (project / "b.py").symlink_to("a.py")
    (project / "a.py" / "inner.py").write_text(LEAKING)
    ran = run("--output-format=concise", ".")
    assert ran.out.splitlines()[:2] == ["a.py/inner.py:2:1: POL101 [*] `leak()` leaks", LEAK]
