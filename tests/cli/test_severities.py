"""How grave findings are: by themselves, by settings, in each format, and for the exit code. And how safe their fixes are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CODE = "pool\nasync def f():\n  leak()\n  drip()\n  maybe()\n"


@pytest.fixture
def app(project: Path) -> Path:
    (project / "a.py").write_text(CODE)
    return project


def configure(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.poolint]\n{text}\n")


def grades(run: Run, *arguments: str) -> dict[str, str]:
    ran = run("check", "--output-format=json", *arguments, "a.py")
    found = json.loads(ran.out)
    return {one["code"]: one["severity"] for one in found}


@pytest.mark.usefixtures("app")
def test_by_themselves_they_are_errors(run: Run) -> None:
    assert grades(run) == {"POL101": "error", "POL102": "error"}
    (one,) = json.loads(
        run("check", "--output-format=json", "--config=severity={POL1='note'}", "a.py", "--select=POL101").out
    )
    assert one["severity"] == "note"


def test_the_most_specific_selector_decides(app: Path, run: Run) -> None:
    configure(app, "[tool.poolint.severity]\nPOL101 = 'note'\nALL = 'warning'\nPOL1 = 'error'")
    assert grades(run, "--certainty=possible") == {"POL101": "note", "POL102": "error", "POL201": "warning"}


def test_formats_carry_them(app: Path, run: Run) -> None:
    configure(app, "severity = { POL101 = 'warning', POL102 = 'note' }")
    assert [line[:9] for line in run("check", "--output-format=github", "a.py").out.splitlines()] == [
        "::warning",
        "::notice t"[:9],
    ]
    log = json.loads(run("check", "--output-format=sarif", "a.py").out)
    assert [one["level"] for one in log["runs"][0]["results"]] == ["warning", "note"]
    assert [one["severity"] for one in json.loads(run("check", "--output-format=gitlab", "a.py").out)] == [
        "minor",
        "info",
    ]
    found = json.loads(run("check", "--output-format=rdjson", "a.py").out)["diagnostics"]
    assert [one["severity"] for one in found] == ["WARNING", "INFO"]
    assert 'severity="info"' in run("check", "--output-format=checkstyle", "a.py").out
    assert "type=warning" in run("check", "--output-format=azure", "a.py").out
    lines = run("check", "--output-format=concise", "a.py").out.splitlines()
    assert lines[:2] == ["a.py:3:3: POL101 [*] warning: `leak()` leaks", "a.py:4:3: POL102 note: `drip()` leaks"]
    assert "Found 1 warning and 1 note." in lines
    assert run("check", "--output-format=full", "a.py").out.startswith("POL101 [*] warning: `leak()` leaks\n")


@pytest.mark.parametrize(
    ("severity", "flag", "code"),
    [
        ("warning", (), 1),
        ("note", (), 0),
        ("note", ("--fail-on=note",), 1),
        ("warning", ("--fail-on=error",), 0),
        ("error", ("--fail-on=error",), 1),
    ],
)
def test_the_exit_code_follows(app: Path, run: Run, severity: str, flag: tuple[str, ...], code: int) -> None:
    configure(app, f"select = ['POL101']\nseverity = {{ POL101 = '{severity}' }}")
    ran = run("check", *flag, "a.py")
    assert ran.code == code
    assert f"Found 1 {severity}." in ran.out
    assert ("None of that is so grave that it is a failure (--fail-on)." in ran.out) is (code == 0)
    if not flag:
        return
    configure(app, f"select = ['POL101']\nseverity = {{ POL101 = '{severity}' }}\nfail-on = '{flag[0][10:]}'")
    assert run("check", "a.py").code == code


def test_each_file_has_its_own_settings(app: Path, run: Run) -> None:
    configure(app, "severity = { ALL = 'note' }")
    (app / "lib").mkdir()
    (app / "lib" / "b.py").write_text(CODE)
    (app / "lib" / "pyproject.toml").write_text("[tool.poolint]\nseverity = { ALL = 'note' }\nfail-on = 'note'\n")
    assert run("check", "a.py").code == 0
    assert run("check", ".").code == 1
    assert run("check", ".", "--max-findings=2").code == 0


def test_what_poolint_says_of_itself(app: Path, run: Run) -> None:
    (app / "a.py").write_text("pool\nx = 1  # poolint: ignore[POL101\n")
    assert grades(run) == {"POL904": "warning"}
    assert run("check", "a.py").code == 1
    (app / "a.py").write_text("pool(\n")
    configure(app, "severity = { ALL = 'note' }")
    assert run("check", "a.py").code == 1, "what cannot be read is never let pass"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severity = 'note'", "'severity' must be a table from rule to severity, not a string"),
        ("severity = { POL101 = 'info' }", "severity.POL101 must be 'error', 'warning' or 'note', not 'info'"),
        ("severity = { POL1O1 = 'note' }", "severity: unknown rule selector 'POL1O1' (did you mean 'POL101'?)"),
        ("extend-safe-fixes = ['POL7']", "extend-safe-fixes: unknown rule selector 'POL7'"),
        ("fail-on = 'never'", "'fail-on' must be 'error', 'warning' or 'note', not 'never'"),
    ],
)
def test_what_cannot_be_meant(app: Path, run: Run, text: str, said: str) -> None:
    configure(app, text)
    ran = run("check", "a.py")
    assert ran.code == 2
    assert said in ran.err


def test_fixes_are_as_safe_as_settings_say(app: Path, run: Run) -> None:
    configure(app, "extend-safe-fixes = ['POL102']\nextend-unsafe-fixes = ['POL1']")
    found = json.loads(run("check", "--output-format=json", "a.py").out)
    assert [one["fix"]["applicability"] for one in found] == ["unsafe", "safe"]
    assert run("check", "--fix", "a.py").code == 1
    assert (app / "a.py").read_text() == CODE.replace("drip", "await drip")
    assert run("check", "--fix", "--extend-safe-fixes=POL101", "a.py").code == 0
    assert (app / "a.py").read_text() == CODE.replace("drip", "await drip").replace("leak", "await leak")
    (app / "a.py").write_text(CODE)
    configure(app, "extend-safe-fixes = ['POL102']\nextend-unsafe-fixes = ['POL102']")
    assert run("check", "--fix", "a.py").code == 1
    assert (app / "a.py").read_text() == CODE.replace("leak", "await leak"), "the more careful one wins"
