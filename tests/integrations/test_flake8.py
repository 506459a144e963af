"""The plugin inside the real flake8: it says what the command line says, where the command line says it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from poolint.integrations.flake8 import Plugin

if TYPE_CHECKING:
    import subprocess

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Findings = Callable[..., "list[dict[str, Any]]"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"

LEAK = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()
"""
LEAK_AT = (5, 5, "POL102")


@pytest.fixture
def flake8(command: Command) -> Callable[..., list[tuple[str, int, int, str]]]:
    """``flake8(…, cwd=…)``: path, row, column and code of what flake8 reports, sorted."""

    def call(*arguments: str, cwd: Path, stdin: bytes | None = None) -> list[tuple[str, int, int, str]]:
        only = () if any(one.startswith("--select") for one in arguments) else ("--select=POL,E9",)
        ran = command(
            sys.executable,
            "-m",
            "flake8",
            "--isolated",
            "--format=%(path)s\t%(row)d\t%(col)d\t%(code)s",
            *only,
            *arguments,
            cwd=cwd,
            stdin=stdin,
        )
        assert ran.returncode in (0, 1), ran.stderr
        assert not ran.stderr
        found = []
        for line in ran.stdout.splitlines():
            path, row, column, code = line.split("\t")
            found.append((str((cwd / path).resolve() if path != "stdin" else path), int(row), int(column), code))
        return sorted(found)

    return call


Flake8 = Callable[..., "list[tuple[str, int, int, str]]"]


def as_flake8(found: list[dict[str, Any]], cwd: Path) -> list[tuple[str, int, int, str]]:
    return sorted(
        (
            str((cwd / one["filename"]).resolve()),
            one["location"]["row"],
            one["location"]["column"],
            one["code"],
        )
        for one in found
    )


def test_reports_what_the_command_line_reports(flake8: Flake8, findings: Findings) -> None:
    reported = flake8(".", cwd=EXAMPLE)
    assert reported == as_flake8(findings(".", cwd=EXAMPLE), EXAMPLE)
    assert len(reported) == 8


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_number_of_jobs_changes_nothing(flake8: Flake8, jobs: str) -> None:
    assert len(flake8(f"--jobs={jobs}", ".", cwd=EXAMPLE)) == 8


ODD = {
    "bom": ("\ufeff" + LEAK).encode(),
    "crlf": LEAK.replace("\n", "\r\n").encode(),
    "tabs": LEAK.replace("    ", "\t").encode(),
    "no_final_newline": LEAK.rstrip().encode(),
    "form_feed": LEAK.replace("\n\n\n", "\n\n\f\n").encode(),
    "wide": LEAK.replace("session.commit", 'print("größe", "日本"); session.commit').encode(),
    "line_separators_in_string": LEAK.replace("    session", '    "\u2028\x85\x0b"; session').encode(),
    "latin_1": (
        "# -*- coding: latin-1 -*-\n" + LEAK.replace("session.commit", 'print("größe"); session.commit')
    ).encode("latin-1"),
}


@pytest.mark.parametrize("name", ODD)
def test_columns_are_the_same_in_odd_files(flake8: Flake8, findings: Findings, tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.py").write_bytes(ODD[name])
    reported = flake8("odd.py", cwd=tmp_path)
    assert reported == as_flake8(findings("odd.py", cwd=tmp_path), tmp_path)
    assert [code for *_, code in reported] == ["POL102"]


@pytest.mark.parametrize("name", ODD)
def test_standard_input_is_read_from_flake8(flake8: Flake8, tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.py").write_bytes(ODD[name])
    [(_, row, column, code)] = flake8("odd.py", cwd=tmp_path)
    assert flake8("-", cwd=tmp_path, stdin=ODD[name]) == [("stdin", row, column, code)]


def test_an_editor_s_unsaved_text_counts_and_not_the_file(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LEAK.replace("session.commit", "await session.commit"))
    reported = flake8("--stdin-display-name=app.py", "-", cwd=tmp_path, stdin=LEAK.encode())
    assert reported == [(str(tmp_path / "app.py"), *LEAK_AT)]


def test_types_come_from_unchanged_neighbours(flake8: Flake8, tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "db.py").write_text(
        "from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine\n\n"
        'Sessions = async_sessionmaker(create_async_engine("postgresql+asyncpg://localhost/app"))\n'
    )
    (package / "jobs.py").write_text(
        "from app.db import Sessions\n\n\n"
        "async def job() -> None:\n    async with Sessions() as session:\n        session.commit()\n"
    )
    assert flake8("app/jobs.py", cwd=tmp_path) == [(str(package / "jobs.py"), 6, 9, "POL102")]


def test_pyproject_decides_which_rules_run(flake8: Flake8, findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nignore = ["POL102"]\n')
    (tmp_path / "app.py").write_text(LEAK + "    await session.add(1)\n")
    reported = flake8("app.py", cwd=tmp_path)
    assert [code for *_, code in reported] == ["POL105"]
    assert reported == as_flake8(findings("app.py", cwd=tmp_path), tmp_path)


def test_per_file_ignores_hold(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint.per-file-ignores]\n"old.py" = ["POL1"]\n')
    (tmp_path / "old.py").write_text(LEAK)
    (tmp_path / "new.py").write_text(LEAK)
    assert flake8(".", cwd=tmp_path) == [(str(tmp_path / "new.py"), *LEAK_AT)]


def test_each_project_has_its_own_settings(flake8: Flake8, tmp_path: Path) -> None:
    for name, ignore in (("one", "POL102"), ("two", "POL101")):
        project = tmp_path / name
        project.mkdir()
        (project / "pyproject.toml").write_text(f'[tool.poolint]\nignore = ["{ignore}"]\n')
        (project / "app.py").write_text(LEAK)
    assert flake8("--jobs=1", "one", "two", cwd=tmp_path) == [(str(tmp_path / "two" / "app.py"), *LEAK_AT)]


def test_flake8_filters_what_is_left(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LEAK)
    assert flake8("--select=POL1", "app.py", cwd=tmp_path) == [(str(tmp_path / "app.py"), *LEAK_AT)]
    assert not flake8("--select=POL2", "app.py", cwd=tmp_path)
    assert not flake8("--extend-ignore=POL102", "app.py", cwd=tmp_path)


def test_it_is_on_without_being_selected(command: Command, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LEAK)
    ran = command(sys.executable, "-m", "flake8", "--isolated", "app.py", cwd=tmp_path)
    assert "app.py:5:5: POL102 `session.commit()`" in ran.stdout


def test_own_comments_are_honoured_and_noqa_is_left_to_flake8(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(LEAK.rstrip() + "  # poolint: ignore[POL102] known\n")
    (tmp_path / "own_file.py").write_text("# poolint: file-ignore[POL102]\n" + LEAK)
    (tmp_path / "noqa.py").write_text(LEAK.rstrip() + "  # noqa: POL102\n")
    assert not flake8(".", cwd=tmp_path)
    assert flake8("--disable-noqa", ".", cwd=tmp_path) == [(str(tmp_path / "noqa.py"), *LEAK_AT)]


def test_syntax_errors_are_flake8_s(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LEAK + "def (:\n")
    assert [code for *_, code in flake8("app.py", cwd=tmp_path)] == ["E999"]


@pytest.mark.parametrize(("text", "expected"), [(LEAK, ["POL901"]), ("x = 1\n", [])])
def test_undecodable_files_that_concern_a_database_are_reported(
    flake8: Flake8, findings: Findings, tmp_path: Path, text: str, expected: list[str]
) -> None:
    (tmp_path / "app.py").write_bytes(b"# gr\xf6\xdfe\n" + text.encode())
    reported = flake8("app.py", cwd=tmp_path)
    assert [code for *_, code in reported] == expected
    assert reported == as_flake8(findings("app.py", cwd=tmp_path), tmp_path)


def test_bad_configuration_is_one_line_that_names_it(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nselct = ["POL"]\n')
    (tmp_path / "app.py").write_text(LEAK)
    ran = command(sys.executable, "-m", "flake8", "--isolated", "--select=POL", "app.py", cwd=tmp_path)
    [line] = ran.stdout.splitlines()
    assert line.startswith("app.py:1:1: POL900 ")
    assert "'selct'" in line
    assert "pyproject.toml" in line


def plugin(path: Path, text: str) -> Plugin:
    return Plugin(ast.parse(text), str(path), text.splitlines(keepends=True))


def test_nothing_happens_before_the_first_finding_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolint.integrations.flake8._findings", lambda *_: pytest.fail("not asked yet"))
    plugin(tmp_path / "app.py", LEAK).run()


def test_a_crash_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> list[object]:
        raise RecursionError("too\ndeep")

    monkeypatch.setattr("poolint.integrations.flake8._findings", crash)
    [(row, column, text, kind)] = plugin(tmp_path / "app.py", LEAK).run()
    assert (row, column, kind) == (1, 0, Plugin)
    assert text.startswith("POL900 ")
    assert "\n" not in text


def test_files_with_nothing_of_ours_load_nothing_heavy(command: Command, tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text("import json\n\nprint(json.dumps(1))\n")
    program = (
        "import ast, sys\n"
        "before = set(sys.modules)\n"
        "from poolint.integrations.flake8 import Plugin\n"
        "text = open('clean.py').read()\n"
        "assert list(Plugin(ast.parse(text), 'clean.py', text.splitlines(True)).run()) == []\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    ran = command(sys.executable, "-c", program, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert "poolint.integrations.flake8" in loaded
    assert not loaded & {"libcst", "msgspec", "tomllib", "tomli"}
    heavy = ("rules.", "models", "syntax", "types", "flow", "analyses", "detect")
    ours = {name for name in loaded if name.startswith(tuple(f"poolint.{room}" for room in heavy))}
    assert ours <= {"poolint.rules.registry", "poolint.rules.renamed"}


def test_a_notebook_is_refused(tmp_path: Path) -> None:
    plugin = Plugin(ast.Module([], []), str(tmp_path / "n.ipynb"), ['{"cells": []}\n'])
    assert [one[:3] for one in plugin.run()] == [(1, 0, "POL901 flake8 reads no notebooks; `poolint check` does")]


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--select=POL,POL7", "POL7"),
        ("--extend-ignore=E501,POL999", "POL999"),
        ("--per-file-ignores=a.py:E501,POL777", "POL777"),
    ],
)
def test_a_code_of_ours_in_flake8_s_options_that_means_no_rule(
    command: Command, tmp_path: Path, option: str, word: str
) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    ran = command(sys.executable, "-m", "flake8", "--isolated", option, "a.py", cwd=tmp_path)
    assert ran.returncode == 1
    assert f"poolint: {option.partition('=')[0]} (or " in ran.stdout + ran.stderr
    assert f"no rule has {word!r}" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
