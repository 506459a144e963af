"""``poolint check``: flags, formats, exit codes."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CLEAN = "x = 1\n"
LEAKING = "pool\nleak()\n"


@pytest.mark.parametrize("arguments", [("a.py",), ("check", "a.py"), ("check", "--quiet", "a.py"), ("-q", "a.py"), ()])
def test_clean(project: Path, run: Run, arguments: tuple[str, ...]) -> None:
    (project / "a.py").write_text(CLEAN)
    ran = run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == ("" if {"--quiet", "-q"} & set(arguments) else "All checks passed!\n")


def test_the_short_way_and_the_long_one_say_the_same(project: Path, run: Run) -> None:
    (project / "a.py").write_text(LEAKING)
    plain = run("a.py")
    assert plain.code == 1
    assert plain == run("check", "a.py") == run("--output-format", "full", "a.py") == run()
    assert (
        plain.out
        == """\
POL101 [*] `leak()` leaks
 --> a.py:2:1
  |
1 | pool
  | ---- 1: opened here
2 | leak()
  | ^^^^^^
  |
help: Add `await`

Found 1 error.
[*] 1 fixable with the `--fix` option.
"""
    )


def test_concise_is_sorted_by_file_and_place(project: Path, run: Run) -> None:
    (project / "b.py").write_text("pool\nleak(); drip()\nmaybe()\n")
    (project / "a.py").write_text(LEAKING)
    ran = run("--output-format=concise", "b.py", "a.py")
    assert ran.out.splitlines() == [
        "a.py:2:1: POL101 [*] `leak()` leaks",
        "b.py:2:1: POL101 [*] `leak()` leaks",
        "b.py:2:9: POL102 `drip()` leaks",
        "Found 3 errors.",
        "[*] 2 fixable with the `--fix` option (1 hidden fix can be enabled with the `--unsafe-fixes` option).",
    ]


def test_json_and_nothing_else(project: Path, run: Run) -> None:
    (project / "a.py").write_text(LEAKING)
    ran = run("check", "a.py", "--output-format", "json")
    [one] = json.loads(ran.out)
    assert (ran.code, ran.err) == (1, "")
    assert (one["code"], one["filename"], one["path"][0]["message"]) == ("POL101", str(project / "a.py"), "opened here")
    (project / "a.py").write_text(CLEAN)
    assert json.loads(run("check", "a.py", "--output-format", "json").out) == []


def codes(ran: object) -> list[str]:
    return [line.split()[1] for line in ran.out.splitlines() if line.startswith("a.py:")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select", "POL102"], ["POL102"]),
        (["--select=POL1,POL2", "--ignore", "POL101"], ["POL102"]),
        (["--select", "POL101", "--extend-select", "POL102"], ["POL101", "POL102"]),
        (["--extend-ignore", "POL1"], []),
        (["--certainty", "possible"], ["POL101", "POL102", "POL201"]),
        (["--ignore", "POL101", "--ignore", "POL102"], []),
    ],
)
def test_selection(project: Path, run: Run, arguments: list[str], found: list[str]) -> None:
    (project / "a.py").write_text("pool\nleak(); drip(); maybe()\n")
    ran = run("--output-format=concise", *arguments, "a.py")
    assert codes(ran) == found
    assert ran.code == bool(found)


def test_the_file_s_settings_and_isolated(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\nleak(); drip(); maybe()\n")
    (project / "pyproject.toml").write_text("[tool.poolint]\nignore = ['POL101']\ncertainty = 'possible'\n")
    assert codes(run("--output-format=concise", "a.py")) == ["POL102", "POL201"]
    assert codes(run("--output-format=concise", "--isolated", "a.py")) == ["POL101", "POL102"]
    assert codes(run("--output-format=concise", "--certainty=certain", "a.py")) == ["POL102"]


def test_force_exclude(project: Path, run: Run) -> None:
    (project / "a.py").write_text(LEAKING)
    (project / "pyproject.toml").write_text("[tool.poolint]\nextend-exclude = ['a.py']\n")
    assert run("a.py").code == 1
    ran = run("--force-exclude", "a.py")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "poolint: warning: No Python files found under the given path(s)\n"
    assert run("--force-exclude", "--quiet", "a.py").err == ""


def test_comments_silence(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\nleak()  # noqa: POL101\ndrip()  # poolint: ignore[POL1] it is meant\n")
    assert run("a.py").code == 0


def test_exit_zero(project: Path, run: Run) -> None:
    (project / "a.py").write_text(LEAKING)
    ran = run("--exit-zero", "a.py")
    assert ran.code == 0
    assert "POL101" in ran.out


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_fix(project: Path, run: Run, newline: str) -> None:
    file = project / "a.py"
    file.write_bytes(newline.join(["async def f(pool):", "    leak()", "    drip()", ""]).encode())
    ran = run("--fix", "--output-format=concise", "a.py")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "a.py:3:5: POL102 `drip()` leaks",
        "Found 2 errors (1 fixed, 1 remaining).",
        "No fixes available (1 hidden fix can be enabled with the `--unsafe-fixes` option).",
    ]
    assert file.read_bytes() == newline.join(["async def f(pool):", "    await leak()", "    drip()", ""]).encode()
    ran = run("--fix", "--unsafe-fixes", "a.py")
    assert (ran.code, ran.out) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
    before = file.read_bytes()
    assert run("--fix", "--unsafe-fixes", "a.py").out == "All checks passed!\n"
    assert file.read_bytes() == before


def test_exit_non_zero_on_fix(project: Path, run: Run) -> None:
    (project / "a.py").write_text("async def f(pool):\n    leak()\n")
    assert run("--fix", "--exit-non-zero-on-fix", "a.py").code == 1
    assert run("--fix", "--exit-non-zero-on-fix", "a.py").code == 0


def test_a_silenced_finding_is_not_fixed(project: Path, run: Run) -> None:
    text = "async def f(pool):\n    leak()  # noqa\n"
    (project / "a.py").write_text(text)
    assert run("--fix", "a.py").code == 0
    assert (project / "a.py").read_text() == text


def test_diff_shows_and_writes_nothing(project: Path, run: Run) -> None:
    text = "async def f(pool):\n    leak()\n    drip()\n"
    (project / "a.py").write_text(text)
    (project / "b.py").write_text(CLEAN)
    ran = run("--diff", ".")
    assert ran.code == 1
    assert ran.err == "Would fix 1 error.\n"
    lines = ran.out.splitlines()
    assert lines[0].startswith("--- ")
    assert "a.py" in lines[0]
    assert "-    leak()" in lines
    assert "+    await leak()" in lines
    assert (project / "a.py").read_text() == text
    (project / "a.py").write_text("async def f(pool):\n    drip()\n")
    ran = run("--diff", "a.py")
    assert (ran.code, ran.out, ran.err) == (0, "", "No errors would be fixed.\n")
    assert run("--diff", "--unsafe-fixes", "a.py").code == 1


class Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_stdin(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(LEAKING.encode()))
    ran = run("--output-format=concise", "--stdin-filename", "src/a.py", "-")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "src/a.py:2:1: POL101 [*] `leak()` leaks"
    monkeypatch.setattr(sys, "stdin", Stdin(b"pool\ndef ("))
    ran = run("--output-format=concise", "-")
    assert ran.code == 1
    assert ran.out.startswith("-:2:")
    assert run("-", "a.py").code == 2
    del project


def test_a_name_for_stdin_means_stdin(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a.py").write_text("pool\n")
    for arguments in ((), ("-",), (".",)):
        monkeypatch.setattr(sys, "stdin", Stdin(LEAKING.encode()))
        ran = run("--output-format=concise", "--stdin-filename=src/b.py", *arguments)
        assert ran.out.splitlines()[0] == "src/b.py:2:1: POL101 [*] `leak()` leaks"
        assert (ran.code, ran.err) == (1, "")
    monkeypatch.setattr(sys, "stdin", Stdin(LEAKING.encode()))
    ran = run("--output-format=concise", "--stdin-filename=src/b.py", "a.py")
    assert ran.out.splitlines()[0] == "src/b.py:2:1: POL101 [*] `leak()` leaks"
    assert ran.err == "poolint: warning: ignoring a.py: standard input is read for src/b.py\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("--fix", ""),
        ("a.py", ""),
        ("--stdin-filename=", "-"),
        ("holds", ""),
        ("holds", "a.py", ""),
        ("budget", ""),
    ],
)
def test_an_empty_path_is_an_error_and_nothing_is_done(project: Path, run: Run, arguments: tuple[str, ...]) -> None:
    (project / "a.py").write_text(LEAKING)
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "poolint: error: an empty path was given: is a variable not set?\n"
    assert (project / "a.py").read_text() == LEAKING


@pytest.mark.parametrize(
    "arguments", [("a\0b.py",), ("--fix", "a\0"), ("--stdin-filename=a\0", "-"), ("holds", "a\0"), ("budget", "a\0")]
)
def test_a_path_that_no_file_can_have(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poolint: error: a\u2400")
    assert ran.err.endswith(": no path has a NUL character in it\n")


def test_nothing_to_check_is_said_in_every_format(project: Path, run: Run) -> None:
    line = "poolint: warning: No Python files found under the given path(s)\n"
    (project / "docs").mkdir()
    for arguments, out, more in (
        (("docs",), "", ""),
        (("--output-format=json", "docs"), "[]\n", ""),
        (("--diff", "docs"), "", "No errors would be fixed.\n"),
    ):
        ran = run(*arguments)
        assert (ran.code, ran.out, ran.err) == (0, out, line + more)
    assert run("-q", "docs").err == ""
    assert run("holds", "docs").err == line


def test_stdin_is_fixed_to_stdout(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    from poolint.cli.main import main

    monkeypatch.setattr(sys, "stdin", Stdin(b"async def f(pool):\r\n    leak()\r\n"))
    assert main(["--fix", "--stdin-filename=a.py", "-"]) == 0
    written = capsysbinary.readouterr()
    assert written.out == b"async def f(pool):\r\n    await leak()\r\n"
    assert written.err.startswith(b"Found 1 error (1 fixed")
    monkeypatch.setattr(sys, "stdin", Stdin(b"x  =  1"))
    assert main(["--fix", "-"]) == 0
    assert capsysbinary.readouterr().out == b"x  =  1"
    assert not list(project.iterdir())


def test_version_and_help(run: Run) -> None:
    from poolint import __version__

    for arguments in (["--version"], ["check", "--version"], ["-V"]):
        ran = run(*arguments)
        assert (ran.code, ran.out) == (0, f"poolint {__version__}\n")
    assert "check" in run("--help").out
    assert "--unsafe-fixes" in run("check", "--help").out
    assert run("check", "--no-such-flag").code == 2
    assert run("check", "--output-format", "xml").code == 2


def test_a_directory_without_python(project: Path, run: Run) -> None:
    (project / "docs").mkdir()
    ran = run("docs")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "poolint: warning: No Python files found under the given path(s)\n"
