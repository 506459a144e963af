"""Whatever a file or a setting is like: one clear line that says where, and the rest of the run completes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Ran, Run
    from poolint.text.source import Source

LEAKING = "pool\nleak()\n"
LEAK = "z.py:2:1: POL101 [*] `leak()` leaks"


@pytest.fixture(autouse=True)
def good(project: Path) -> None:
    """A file that has to be checked whatever happens to those before it."""
    (project / "z.py").write_text(LEAKING)


def told(ran: Ran) -> str:
    """The one line about the bad file; the good one must have been checked, too."""
    lines = [line for line in ran.out.splitlines() if re.match(r"\S+:\d+:\d+: ", line)]
    assert lines[-1] == LEAK
    assert len(lines) == 2, ran.out
    assert "Traceback" not in ran.err
    return lines[0]


BAD = {
    "syntax error": (b"x = 1\ndef f(:\n", r"a\.py:2:7: POL901 syntax error: .+"),
    "unclosed": (b"x = (\n", r"a\.py:1:5: POL901 syntax error: .+"),
    "indentation": (b"def f():\nx = 1\n", r"a\.py:2:1: POL901 syntax error: .+"),
    "Python 2": (b"x = 1\nprint 'x'\n", r"a\.py:2:1: POL901 syntax error: .+"),
    "bytes that are no text": (b"x = 1\ny = '\xff'\n", r"a\.py:2:6: POL901 byte 0xff is not valid utf-8"),
    "unknown encoding": (b"# coding: klingon\n", r"a\.py:1:1: POL901 .+klingon.*"),
    "NUL byte": (b"x = 1\n\ny = '\0'\n", r"a\.py:3:6: POL901 contains a NUL byte"),
    "UTF-16": ("x = 1\n".encode("utf-16"), r"a\.py:1:1: POL901 is UTF-16; .+"),
    "deep parentheses": (b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", r"a\.py:1:\d+: POL901 .*nested.*"),
    "deep attributes": (b"x = y" + b".y" * 200_000 + b"\n", r"a\.py:1:\d+: POL901 .*nested.*"),
    "deep operators": (b"x = " + b"-" * 200_000 + b"1\n", r"a\.py:1:\d+: POL901 .*nested.*"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_cannot_be_parsed(project: Path, run: Run, kind: str) -> None:
    data, line = BAD[kind]
    (project / "a.py").write_bytes(data + b"# pool\n")
    ran = run("--output-format=concise", ".")
    assert ran.code == 1
    assert re.fullmatch(line, told(ran)), told(ran)


@pytest.mark.parametrize("kind", BAD)
def test_whether_a_file_without_a_database_can_be_parsed_is_not_asked(project: Path, run: Run, kind: str) -> None:
    (project / "a.py").write_bytes(BAD[kind][0])
    ran = run("--output-format=concise", ".")
    assert "a.py" not in ran.out
    assert ran.err == ""


def test_newer_syntax_and_odd_but_valid_files_are_none(project: Path, run: Run) -> None:
    (project / "a.py").write_text("type X = int\ndef f[T](x: T) -> T: ...\n")
    (project / "b.py").write_bytes(b"\xef\xbb\xbfx = 1\r\n\x0cy = '\\d'\r")
    (project / "c.py").write_bytes(b"# coding: latin-1\nx = '\xe4'")
    (project / "d.py").write_bytes(b"")
    (project / "e.py").write_bytes(b"x = [" + b"1, " * 490_000 + b"]  # pool\n")
    ran = run("--output-format=concise", ".")
    assert ran.out.splitlines()[0] == LEAK


def test_a_finding_on_a_row_of_more_than_a_megabyte(project: Path, run: Run) -> None:
    (project / "a.py").write_bytes(b"pool = [" + b"1, " * 490_000 + b"leak()]\n")
    ran = run("a.py")
    assert ran.code == 1
    assert len(ran.out) < 1500
    assert "a.py:1:1470009" in ran.out


def test_a_missing_path(run: Run) -> None:
    ran = run("--output-format=concise", "no/such.py", "z.py")
    assert ran.code == 1
    assert told(ran) == "no/such.py:1:1: POL901 no such file or directory: no/such.py"


def test_a_file_that_cannot_be_read(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a.py").write_text(LEAKING)
    real = os.open

    def refuse(path: str, *arguments: int, **options: int) -> int:
        if str(path).endswith("a.py"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    ran = run("--output-format=concise", ".")
    assert ran.code == 1
    assert told(ran) == "a.py:1:1: POL901 cannot be read: Permission denied"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="nothing is unreadable for root")
def test_a_file_that_really_cannot_be_read(project: Path, run: Run) -> None:
    (project / "a.py").write_text(LEAKING)
    (project / "a.py").chmod(0)
    assert told(run("--output-format=concise", ".")) == "a.py:1:1: POL901 cannot be read: Permission denied"


def test_a_file_that_vanishes_after_it_was_found(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolint.runner import Runner

    (project / "a.py").write_text(LEAKING)
    real = Runner.check_file

    def check_file(self: Runner, path: str) -> object:
        if path.endswith("a.py"):
            Path(path).unlink()
        return real(self, path)

    monkeypatch.setattr(Runner, "check_file", check_file)
    ran = run("--output-format=concise", ".")
    assert ran.code == 1
    assert told(ran) == "a.py:1:1: POL901 cannot be read: No such file or directory"


def test_symlinks_that_lead_nowhere_or_in_a_circle(project: Path, run: Run) -> None:
    (project / "loop").symlink_to(project, target_is_directory=True)
    (project / "a.py").symlink_to("b")
    (project / "b").symlink_to("a.py")
    ran = run("--output-format=concise", ".")
    assert ran.code == 1
    assert told(ran).startswith("a.py:1:1: POL901 cannot be read: ")
    (project / "a.py").unlink()
    (project / "a.py").symlink_to("gone.py")
    assert told(run("--output-format=concise", ".")) == "a.py:1:1: POL901 cannot be read: No such file or directory"


def test_a_file_that_exhausts_the_stack(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\ndeep()\n")
    ran = run("--output-format=concise", ".")
    assert ran.code == 1
    assert told(ran) == "a.py:1:1: POL901 nested too deeply to be analysed by this Python"


def test_a_crash_is_a_finding_and_exit_code_2(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\ncrash()\n")
    ran = run("--output-format=concise", ".")
    assert ran.code == 2
    line = told(ran)
    assert line.startswith("a.py:1:1: POL900 poolint crashed here: ValueError: it broke; this is a bug: please report")
    assert run("--exit-zero", ".").code == 2
    quiet = run("--output-format=concise", "--ignore=POL900", ".")
    assert "POL900" not in quiet.out
    assert quiet.code == 2


def test_the_traceback_of_a_crash_on_request(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a.py").write_text("pool\ncrash()\n")
    monkeypatch.setenv("POOLINT_TRACEBACK", "1")
    assert "ValueError: it\nbroke" in run(".").err


def test_a_fix_that_cannot_be_written(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolint.fixes import writing

    text = "async def f(pool):\n    leak()\n"
    (project / "a.py").write_text(text)
    (project / "z.py").write_text(text)
    real = writing.write_atomically

    def write(before: Source, after: Source, *places: object) -> None:
        if before.path.endswith("a.py"):
            (project / "a.py").write_text("x = 1\n")
        real(before, after, *places)

    monkeypatch.setattr(writing, "write_atomically", write)
    ran = run("--fix", "--output-format=concise", ".")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "a.py:1:1: POL901 has changed since it was read: left alone, run poolint again",
        "a.py:2:5: POL101 [*] `leak()` leaks",
        "Found 3 errors (1 fixed, 2 remaining).",
    ]
    assert (project / "a.py").read_text() == "x = 1\n"
    assert "await" in (project / "z.py").read_text()


def test_ignoring_what_cannot_be_parsed(project: Path, run: Run) -> None:
    (project / "a.py").write_text("def f(:  # pool\n")
    (project / "pyproject.toml").write_text("[tool.poolint.per-file-ignores]\n'a.py' = ['POL901']\n")
    assert "POL901" not in run(".").out
    assert "POL901" not in run("--isolated", "--ignore", "POL901", ".").out
    assert "POL901" in run("--isolated", "--select", "POL101", ".").out


def test_an_unknown_selector(run: Run) -> None:
    ran = run("--select", "POL1O1", ".")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "poolint: error: --select: unknown rule selector 'POL1O1' (did you mean 'POL101'?)\n"


def test_an_unknown_selector_without_a_file(project: Path, run: Run) -> None:
    (project / "empty").mkdir()
    assert run("--select", "POL1O1", "empty").code == 2


def test_an_unknown_key(project: Path, run: Run) -> None:
    (project / "pyproject.toml").write_text("[tool.poolint]\nselct = []\n")
    ran = run(".")
    assert (ran.code, ran.out) == (2, "")
    told = "poolint: error: pyproject.toml: [tool.poolint] unknown key 'selct' (did you mean 'select'?)\n"
    assert ran.err == told
    assert run("--isolated", ".").code == 1


def test_broken_toml(project: Path, run: Run) -> None:
    (project / "pyproject.toml").write_text("[tool.poolint]\nselect = ['POL1\n")
    ran = run("z.py")
    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(r"poolint: error: pyproject\.toml:2: broken TOML: .+\n", ran.err)


def test_bad_settings_of_a_subproject_leave_the_rest_standing(project: Path, run: Run) -> None:
    for name, text in (("a", "[tool.poolint\n"), ("b", "[tool.poolint]\nselect = ['NO']\n")):
        (project / name).mkdir()
        (project / name / "pyproject.toml").write_text(text)
        (project / name / "x.py").write_text(LEAKING)
        (project / name / "y.py").write_text(LEAKING)
    ran = run("--output-format=concise", ".")
    assert ran.code == 2
    assert ran.out.splitlines()[0] == LEAK
    assert re.fullmatch(
        r"poolint: error: a/pyproject\.toml:1: broken TOML: .+\n"
        r"poolint: error: b/pyproject\.toml: \[tool\.poolint\] select: unknown rule selector 'NO'\n",
        "".join(sorted(ran.err.splitlines(keepends=True))),
    )


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select", "--extend-ignore"])
@pytest.mark.parametrize("value", ["", ",", " , "])
def test_an_option_without_a_selector(run: Run, option: str, value: str) -> None:
    ran = run(f"{option}={value}", "z.py")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"poolint: error: {option}: {value!r} names no rule")
    assert ran.err.count("\n") == 1


def test_an_empty_one_beside_others(run: Run) -> None:
    assert run("--select=POL101", "--select=", "z.py").code == 2
    assert run("--select=POL101,", "z.py").code == 1


def test_a_selection_that_leaves_nothing(project: Path, run: Run) -> None:
    ran = run("--select=POL1", "--ignore=POL1", "z.py")
    assert (ran.code, ran.out) == (2, "")
    assert "no rule is left to run" in ran.err
    (project / "pyproject.toml").write_text("[tool.poolint]\nselect = []\n")
    ran = run("z.py")
    assert (ran.code, ran.out) == (0, ""), "a project may turn everything off, but no check has passed"
    assert ran.err == "poolint: warning: pyproject.toml leaves no rule to run: nothing was looked for\n"
    (project / "pyproject.toml").write_text('[tool.poolint]\nselect = [""]\n')
    ran = run("z.py")
    assert (ran.code, ran.out) == (2, "")
    assert "pyproject.toml: [tool.poolint] select: unknown rule selector ''" in ran.err
