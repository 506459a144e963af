"""The exit code and the closing line of ``check``, for what may come of a run, in each format of output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

ASYNC = "pool\nasync def f():\n    leak()\n"
PASSED = "All checks passed!"
ONE = "Found 1 error."
FIXABLE = "[*] 1 fixable with the `--fix` option."


@dataclass(frozen=True)
class Case:
    """A file and options; the exit code, the codes that are told, the closing line and what standard error has."""

    text: str
    code: int
    told: tuple[str, ...] = ()
    closing: str = PASSED
    options: tuple[str, ...] = ()
    error: str = ""


CASES = {
    "clean": Case("pool\n", 0),
    "of no interest": Case("x = 1\n", 0),
    "a finding": Case("pool\nleak()\n", 1, ("POL101",), FIXABLE),
    "a finding without a fix": Case("pool\nmaybe()\n", 1, ("POL201",), ONE, ("--certainty=possible",)),
    "a finding that is ignored": Case("pool\nleak()\n", 0, options=("--ignore=POL101",)),
    "a finding that is silenced": Case("pool\nleak()  # noqa\n", 0),
    "a finding that is fixed": Case(ASYNC, 0, (), "Found 1 error (1 fixed, 0 remaining).", ("--fix",)),
    "the same, to be told": Case(
        ASYNC, 1, (), "Found 1 error (1 fixed, 0 remaining).", ("--fix", "--exit-non-zero-on-fix")
    ),
    "a finding, and exit zero": Case("pool\nleak()\n", 0, ("POL101",), FIXABLE, ("--exit-zero",)),
    "no Python": Case("pool\ndef f(:\n", 1, ("POL901",), ONE),
    "no Python, under another select": Case("pool\ndef f(:\n", 1, ("POL901",), ONE, ("--select=POL201",)),
    "no Python, of no interest": Case("def f(:\n", 0),
    "no Python, ignored": Case("pool\ndef f(:\n", 0, options=("--ignore=POL901",)),
    "too large": Case("pool = 1  # " + "x" * 1_500_000 + "\n", 1, ("POL903",), ONE),
    "too large, ignored": Case("pool = 1  # " + "x" * 1_500_000 + "\n", 0, options=("--ignore=POL903",)),
    "a comment with an unknown code": Case("pool  # poolint: ignore[POL7]\n", 1, ("POL904",), "Found 1 warning."),
    "the same, in a file of no interest": Case("x = 1  # poolint: ignore[POL7]\n", 1, ("POL904",), "Found 1 warning."),
    "the same, ignored": Case("pool  # poolint: ignore[POL7]\n", 0, options=("--ignore=POL904",)),
    "a crash": Case("pool\ncrash()\n", 2, ("POL900",), ONE),
    "a crash, and exit zero": Case("pool\ncrash()\n", 2, ("POL900",), ONE, ("--exit-zero",)),
    "a crash, ignored": Case("pool\ncrash()\n", 2, (), "", ("--ignore=POL900",)),
    "an unknown selector": Case("pool\n", 2, (), "", ("--select=POL7",), "--select: unknown rule selector 'POL7'"),
    "the same, and exit zero": Case("pool\n", 2, (), "", ("--ignore=POL7", "-e"), "--ignore: unknown rule selector"),
    "an empty selector": Case("pool\n", 2, (), "", ("--select=",), "--select: '' names no rule"),
}


@pytest.mark.parametrize("output", ["full", "concise", "json"])
@pytest.mark.parametrize("name", CASES)
def test_what_comes_of_a_run(project: Path, run: Run, name: str, output: str) -> None:
    case = CASES[name]
    (project / "a.py").write_text(case.text)
    ran = run("check", f"--output-format={output}", *case.options, "a.py")
    assert ran.code == case.code
    assert case.error in ran.err
    assert ran.err.startswith("poolint: error: ") if case.error else "error: " not in ran.err
    if output == "json":
        assert [one["code"] for one in json.loads(ran.out or "[]")] == list(case.told)
        return
    lines = ran.out.splitlines()
    assert (lines[-1] if lines else "") == case.closing
    assert (PASSED in lines) is (case.closing == PASSED)
    assert [code for code in ("POL101", "POL201", "POL900", "POL901", "POL903", "POL904") if code in ran.out] == list(
        case.told
    )


def test_quietly_there_is_no_closing_line(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\n")
    assert (run("-q", "a.py").out, run("-q", "a.py").code) == ("", 0)
    (project / "a.py").write_text("pool\nleak()\n")
    ran = run("-q", "--output-format=concise", "a.py")
    assert (ran.code, ran.out.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", ["check", "baseline", "holds", "coverage", "budget", "why"])
def test_settings_that_cannot_be_used_are_told_by_each_command(project: Path, run: Run, command: str) -> None:
    (project / "a.py").write_text("pool\n")
    (project / "pyproject.toml").write_text("[tool.poolint]\nselct = []\n")
    ran = run(command, "a.py:1" if command == "why" else ".")
    assert (ran.code, ran.err.count("'selct'")) == (2, 1)
