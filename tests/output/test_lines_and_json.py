"""The concise lines, the closing summary, JSON, and when colours are used."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from poolint.diagnostics import Applicability, Certainty, Diagnostic, Edit, Fix, Position, Range, Step
from poolint.output import concise, style, summary
from poolint.output import json as as_json
from poolint.output.report import Report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(tmp_path: Path, applicability: Applicability | None = None) -> Diagnostic:
    place = Range(Position(3, 5), Position(3, 20))
    fix = None
    if applicability is not None:
        fix = Fix(applicability, "Add `await`", (Edit(Range(Position(3, 5), Position(3, 5)), "await "),))
    return Diagnostic(
        "POL101",
        "unawaited-release",
        "`conn.close()` is never awaited",
        str(tmp_path / "a.py"),
        place,
        function="main",
        resource="conn",
        path=(Step("opened here", str(tmp_path / "b.py"), place),),
        fix=fix,
        fingerprint="0123",
        statement_end_row=4,
    )


def test_concise(tmp_path: Path) -> None:
    findings = [made(tmp_path), made(tmp_path, Applicability.SAFE), made(tmp_path, Applicability.UNSAFE)]
    plain = "a.py:3:5: POL101 `conn.close()` is never awaited"
    starred = "a.py:3:5: POL101 [*] `conn.close()` is never awaited"
    assert list(concise.render(Report(findings))) == [plain, starred, plain]
    assert list(concise.render(Report(findings, unsafe=True))) == [plain, starred, starred]
    [line] = concise.render(Report(findings[:1], color=True))
    assert "\x1b[1;31mPOL101\x1b[0m" in line


def test_paths_elsewhere_stay_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    assert next(concise.render(Report([made(tmp_path)]))).startswith(f"{tmp_path / 'a.py'}:3:5: ")


SAFE, UNSAFE, DISPLAY = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY


@pytest.mark.parametrize(
    ("remaining", "fixed", "fix", "unsafe", "lines"),
    [
        ([], 0, False, False, ["All checks passed!"]),
        ([None], 0, False, False, ["Found 1 error."]),
        ([None, SAFE], 0, False, False, ["Found 2 errors.", "[*] 1 fixable with the `--fix` option."]),
        (
            [SAFE, UNSAFE],
            0,
            False,
            False,
            [
                "Found 2 errors.",
                "[*] 1 fixable with the `--fix` option (1 hidden fix can be enabled with the `--unsafe-fixes` option).",
            ],
        ),
        ([SAFE, UNSAFE], 0, False, True, ["Found 2 errors.", "[*] 2 fixable with the `--fix` option."]),
        (
            [UNSAFE, UNSAFE],
            0,
            False,
            False,
            [
                "Found 2 errors.",
                "No fixes available (2 hidden fixes can be enabled with the `--unsafe-fixes` option).",
            ],
        ),
        ([DISPLAY], 0, False, True, ["Found 1 error."]),
        ([], 2, True, False, ["Found 2 errors (2 fixed, 0 remaining)."]),
        ([None], 2, True, False, ["Found 3 errors (2 fixed, 1 remaining)."]),
    ],
)
def test_summary(
    tmp_path: Path, remaining: list[Applicability | None], fixed: int, fix: bool, unsafe: bool, lines: list[str]
) -> None:
    left = [made(tmp_path, one) for one in remaining]
    done = [made(tmp_path, SAFE)] * fixed
    assert list(summary.render(left, done, fix=fix, unsafe=unsafe)) == lines


def test_json_has_the_keys_of_ruff_and_ours(tmp_path: Path) -> None:
    [one] = json.loads("".join(as_json.render(Report([made(tmp_path, SAFE)]))))
    assert one == {
        "cell": None,
        "code": "POL101",
        "name": "unawaited-release",
        "message": "`conn.close()` is never awaited",
        "severity": "error",
        "filename": str(tmp_path / "a.py"),
        "location": {"row": 3, "column": 5},
        "end_location": {"row": 3, "column": 20},
        "fix": {
            "applicability": "safe",
            "message": "Add `await`",
            "edits": [
                {"content": "await ", "location": {"row": 3, "column": 5}, "end_location": {"row": 3, "column": 5}}
            ],
        },
        "noqa_row": 3,
        "url": None,
        "path": [
            {
                "message": "opened here",
                "filename": str(tmp_path / "b.py"),
                "location": {"row": 3, "column": 5},
                "end_location": {"row": 3, "column": 20},
            }
        ],
        "also": [],
        "certainty": "certain",
        "fingerprint": "0123",
        "schema_version": 1,
    }


def test_json_without_findings_and_with_odd_ones(tmp_path: Path) -> None:
    assert json.loads("".join(as_json.render(Report([])))) == []
    place = Range(Position(1, 1), Position(1, 1))
    odd = Diagnostic(
        "POL901", "unreadable-file", "\udcff \x1b", str(tmp_path / "\udcff.py"), place, certainty=Certainty.POSSIBLE
    )
    text = "".join(as_json.render(Report([odd])))
    assert text.isascii()
    [one] = json.loads(text)
    assert (one["message"], one["fix"], one["certainty"]) == ("\\xff \x1b", None, "possible")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "variables", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "0"}, False),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_when_there_are_colours(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, variables: dict[str, str], wanted: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert style.wants_color(Terminal() if terminal else io.StringIO()) is wanted
