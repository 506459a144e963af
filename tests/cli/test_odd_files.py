"""What is no regular file is told when it was named and passed over when it was found; nothing waits for it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")

LEAKING = "pool\nleak()\n"
LEAK = "z.py:2:1: POL101 [*] `leak()` leaks"


@pytest.fixture(autouse=True)
def good(project: Path) -> Iterator[None]:
    """A file that has to be checked whatever else is there; and a read that waits forever fails."""

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


ODD_NAMES = {
    b"\xff\xfe.py": (r"\xff\xfe.py", r"\xff\xfe.py", r"\377\376.py"),
    b"a\nb.py": ("a\u240ab.py", "a\nb.py", r"a\nb.py"),
    b"\x1b[31m.py": ("\u241b[31m.py", "\x1b[31m.py", r"\033[31m.py"),
    "\u202e.py".encode(): ("\ufffd.py", "\u202e.py", r"\342\200\256.py"),
}
"""Names, and how they are shown: in text, in JSON, in a diff."""


@pytest.mark.skipif(sys.platform == "darwin", reason="names are text there")
@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_must_not_reach_a_terminal(project: Path, run: Run, name: bytes) -> None:
    text, in_json, in_diff = ODD_NAMES[name]
    (project / "z.py").unlink()
    path = os.fsencode(project) + b"/" + name
    with open(path, "w") as file:
        file.write("async def f(pool):\n    leak()\n")
    assert run("--output-format=concise", ".").out.splitlines()[0] == f"{text}:2:5: POL101 [*] `leak()` leaks"
    assert f"--> {text}:2:5" in run(".").out.splitlines()[1]
    found = json.loads(run("--output-format=json", ".").out)[0]
    assert found["filename"] == found["path"][0]["filename"] == f"{project}/{in_json}"
    assert run("--diff", ".").out.splitlines()[:2] == [f'--- "a/{in_diff}"', f'+++ "b/{in_diff}"']
    assert run("--fix", ".").code == 0
    with open(path) as file:
        assert file.read() == "async def f(pool):\n    await leak()\n"
    named = run(os.fsdecode(name), "no" + os.fsdecode(name))
    assert f"no such file or directory: no{text}" in named.out


def test_errors_about_settings_are_one_line_whatever_the_directory_is_called(project: Path, run: Run) -> None:
    odd = project / "a\x1b[31m\nb"
    odd.mkdir()
    (odd / "pyproject.toml").write_text("[tool.poolint]\nselect = 1\n")
    (odd / "a.py").write_text(LEAKING)
    ran = run(".")
    assert ran.code == 2
    assert ran.err.startswith("poolint: error: a\u241b[31m\u240ab/pyproject.toml: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["compose.yaml", "Procfile", "Dockerfile", "k8s.yaml", "Chart.yaml"])
def test_as_a_deployment_file(project: Path, run: Run, kind: str, name: str) -> None:
    what = make(kind, name)
    ran = run("budget", ".")
    assert (ran.code, ran.err) == (0, "")
    (project / "pyproject.toml").write_text(f"[tool.poolint.budget]\nfiles = ['{name}']\n")
    ran = run("budget", ".")
    assert (ran.code, ran.err) == (1, f"poolint: error: {name}:1: cannot be read: it is {what}, not a regular file\n")


@pytest.mark.parametrize("command", [("holds", "--output-format=json", "."), ("why", "--output-format=json")])
def test_names_in_the_json_of_other_commands(
    tmp_path: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    monkeypatch.chdir(folder)
    text = "async def f(engine: AsyncEngine):\n    c = await engine.connect()\n    await c.close()\n"
    text = "from sqlalchemy.ext.asyncio import AsyncEngine\n\n\n" + text
    with open(b"\xff.py", "w") as file:
        file.write(text)
    place = [os.fsdecode(b"\xff.py:5")] if command[0] == "why" else []
    assert main([*command, *place]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told if isinstance(told, dict) else told[0])["filename"] == rf"{folder}/\xff.py"
