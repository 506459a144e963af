"""What other systems have: their paths, their ends of lines, and what their Python lacks, as far as that can be held here."""

from __future__ import annotations

import json
import ntpath
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from poolint import discovery, globs
from poolint.cli.main import main
from poolint.config import load
from poolint.config import reading as settings_reading

LEAK = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n    pool.close()\n"

LACKING = """
import os, sys
for name in (
    "fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "chown", "fchown", "lchown", "fchmod", "O_NONBLOCK",
    "O_CLOEXEC", "O_NOCTTY", "O_NOFOLLOW", "O_DIRECTORY", "sched_getaffinity", "getxattr", "setxattr", "listxattr",
    "posix_spawn", "getloadavg", "nice", "killpg", "setsid", "mkfifo", "pathconf", "sysconf", "umask_",
):
    if hasattr(os, name):
        delattr(os, name)
for name in ("fcntl", "resource", "pwd", "grp", "termios", "posix_ipc", "syslog"):
    sys.modules[name] = None
from poolint.cli.main import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
"""A process whose Python is as bare as that of Windows: nothing forks, locks by fcntl, or asks who the user is."""


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths as Windows has them, for patterns."""
    monkeypatch.setattr(globs, "os", SimpleNamespace(sep="\\", path=ntpath))
    globs.compiled.cache_clear()


@pytest.mark.usefixtures("windows")
class TestPaths:
    @pytest.mark.parametrize(
        ("pattern", "path", "is_meant"),
        [
            ("src/gen/*", r"C:\repo\src\gen\a.py", True),
            ("src\\gen\\*", r"C:\repo\src\gen\a.py", True),
            ("src/gen/*", r"C:\repo\src\own\a.py", False),
            ("gen", r"C:\repo\src\gen", True),
            ("**/gen/*.py", r"C:\repo\a\b\gen\c.py", True),
            ("C:/repo/src/*", r"C:\repo\src\a.py", True),
            (r"C:\repo\src\*", r"C:\repo\src\a.py", True),
            (r"C:\other\src\*", r"C:\other\src\a.py", True),
            (r"D:\repo\src\*", r"C:\repo\src\a.py", False),
            ("src/*", r"c:\Repo\src\a.py", True),
            ("./src/*", r"C:\repo\src\a.py", True),
        ],
    )
    def test_patterns(self, pattern: str, path: str, is_meant: bool) -> None:
        root = r"C:\repo"
        assert globs.matches(globs.compiled((pattern,), root), path, root) == is_meant

    def test_a_root_is_a_drive(self) -> None:
        assert globs.relative("C:\\a\\b.py", "C:\\") == "a/b.py"
        assert globs.relative("D:\\a\\b.py", "C:\\") == "D:/a/b.py"


class TestEndsOfLines:
    @pytest.fixture(autouse=True)
    def here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("POOLINT_CONFIG", raising=False)

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_settings_and_their_rows(self, tmp_path: Path, end: str) -> None:
        text = '[project]\nname = "a"\n[tool.poolint]\nselect = ["POL1"]\nextend = "no.toml"\n'
        (tmp_path / "pyproject.toml").write_bytes(text.replace("\n", end).encode())
        assert settings_reading.row_of(text.replace("\n", end).encode(), "extend") == 5
        (tmp_path / "no.toml").write_bytes(f'ignore = ["POL101"]{end}'.encode())
        settings = load(str(tmp_path))
        assert next(one.ignore for one in settings.layers()) == ("POL101",)

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_arguments_comments_and_baselines(
        self, tmp_path: Path, end: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        def write(name: str, text: str) -> None:
            (tmp_path / name).write_bytes(text.replace("\n", end).encode())

        write("a.py", LEAK)
        write("args.txt", "--no-cache\n--output-format\nconcise\na.py\n")
        assert main(["check", "@args.txt"]) == 1
        assert capfd.readouterr().out.startswith("a.py:5:5: POL101")
        write("a.py", LEAK.replace("pool.close()", "pool.close()  # poolint: ignore[POL101]"))
        assert main(["check", "@args.txt"]) == 0
        write("a.py", LEAK)
        assert main(["baseline", "a.py"]) == 0
        baseline = tmp_path / "poolint-baseline.txt"
        write(baseline.name, baseline.read_text())
        capfd.readouterr()
        assert main(["check", "@args.txt"]) == 0

    def test_a_repair_keeps_them(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_bytes(LEAK.replace("\n", "\r\n").encode())
        main(["check", "--no-cache", "--fix", "a.py"])
        assert (tmp_path / "a.py").read_bytes() == LEAK.replace("    pool", "    await pool").replace(
            "\n", "\r\n"
        ).encode()


def test_suffixes_are_as_the_system_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "B.PY", "c.Pyi", "d.txt"):
        (tmp_path / name).write_text("")
    assert main(["check", "--show-files", "--isolated"]) == 0
    assert capfd.readouterr().out.split() == ["a.py"]
    monkeypatch.setattr(discovery, "os", SimpleNamespace(**{**vars(os), "path": OfWindows()}))
    assert main(["check", "--show-files", "--isolated"]) == 0
    assert capfd.readouterr().out.split() == ["B.PY", "a.py", "c.Pyi"]


class OfWindows:
    """The paths of this system, whose letters have no case."""

    def __getattr__(self, name: str) -> Any:
        return str.lower if name == "normcase" else getattr(os.path, name)


class TestBarePython:
    """Commands in a Python without all that only POSIX has."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        (tmp_path / "bare.py").write_text(LACKING)
        (tmp_path / "app").mkdir()
        for number in range(4):
            (tmp_path / "app" / f"m{number}.py").write_text(LEAK)
        return tmp_path

    def ran(self, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "bare.py", *arguments]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_a_check_with_a_cache_that_is_used(self, project: Path, jobs: str) -> None:
        first = self.ran(project, "check", "-j", jobs, "--output-format=json", "app")
        assert (first.returncode, first.stderr) == (1, "")
        assert [one["code"] for one in json.loads(first.stdout)] == ["POL101"] * 4
        assert (project / ".poolint_cache").exists() or list(project.rglob(".poolint_cache"))
        again = self.ran(project, "check", "-j", jobs, "--output-format=json", "app")
        assert (again.returncode, again.stdout) == (1, first.stdout)
        assert self.ran(project, "clean", "app").returncode == 0

    def test_a_repair_and_a_baseline(self, project: Path) -> None:
        assert self.ran(project, "baseline", "app").returncode == 0
        assert self.ran(project, "check", "app").returncode == 0
        fixed = self.ran(project, "check", "--no-baseline", "--fix", "app")
        assert fixed.returncode == 0, fixed.stderr
        assert "await pool.close()" in (project / "app" / "m0.py").read_text()
