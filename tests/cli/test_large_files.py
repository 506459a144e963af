"""A file beyond the bound is told by name, and nobody has read or parsed it, whichever way it would have come in."""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main
from poolint.files import SOURCE_LIMIT
from poolint.integrations.flake8 import Plugin

if TYPE_CHECKING:
    from pathlib import Path

LARGE = "x = 1\n" * (SOURCE_LIMIT // 6 + 10)
TOLD = "POL903 a file of more than 1 500 000 bytes is not analysed"
HELD = """\
from sqlalchemy import create_engine
from helpers import opened

engine = create_engine("postgresql:///x")


def work() -> None:
    opened(engine)
    connection = engine.connect()
    connection.execute("x")
    connection.close()
"""


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No read of more than the bound, and no text of more than the bound that is parsed."""
    monkeypatch.chdir(tmp_path)
    read, parse = os.read, ast.parse

    def guarded_read(handle: int, count: int) -> bytes:
        assert count <= SOURCE_LIMIT + 1
        return read(handle, count)

    def guarded_parse(text: str, *rest: object, **more: object) -> ast.AST:
        assert len(text) <= SOURCE_LIMIT
        return parse(text, *rest, **more)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(os, "read", guarded_read)
    monkeypatch.setattr(ast, "parse", guarded_parse)


@pytest.mark.parametrize("path", [".", "large.py"])
def test_a_large_file_is_told_and_the_others_are_checked(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "large.py").write_text(LARGE)
    (tmp_path / "work.py").write_text(HELD)
    assert main(["check", "--isolated", "--output-format=concise", "--select=POL202", "work.py", path]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"large.py:1:1: {TOLD}"
    assert told[1].startswith("work.py:9:")


def test_one_at_the_bound_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.py").write_bytes(HELD.encode() + b"#" * (SOURCE_LIMIT - len(HELD)))
    assert main(["check", "--isolated", "--output-format=concise", "--select=POL202", "."]) == 1
    assert "POL903" not in capsys.readouterr().out


def test_a_large_file_that_is_imported_is_as_good_as_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "helpers.py").write_text("def opened(engine):\n    return engine.connect()\n\n\n" + LARGE)
    (tmp_path / "work.py").write_text(HELD)
    assert main(["check", "--isolated", "--output-format=concise", "--select=POL2", "work.py"]) == 1
    [found, *_] = capsys.readouterr().out.splitlines()
    assert found.startswith("work.py:9:") and "POL202" in found


def test_settings_leave_it_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.py").write_text(LARGE)
    assert main(["check", "--isolated", "--ignore=POL903", "large.py"]) == 0
    assert "POL903" not in capsys.readouterr().out


class Endless:
    """Standard input; how much of it was read counts."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest = 0
        self.buffer = self

    def read(self, count: int) -> bytes:
        self.largest = max(self.largest, count)
        count = min(count, self.left)
        self.left -= count
        return b"#" * count


def test_of_standard_input_no_more_is_read_than_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = Endless(1 << 40)
    monkeypatch.setattr(sys, "stdin", given)
    assert main(["check", "--isolated", "--output-format=concise", "--stdin-filename=a.py", "-"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == f"a.py:1:1: {TOLD}"
    assert given.left == (1 << 40) - SOURCE_LIMIT - 1


def test_what_fix_gets_from_standard_input_it_gives_back_whole(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    given = Endless(SOURCE_LIMIT * 5 // 2)
    monkeypatch.setattr(sys, "stdin", given)
    assert main(["check", "--isolated", "--fix", "--output-format=concise", "--stdin-filename=a.py", "-"]) == 1
    out, told = capsysbinary.readouterr()
    assert out == b"#" * (SOURCE_LIMIT * 5 // 2)
    assert TOLD.encode() in told
    assert given.largest <= SOURCE_LIMIT + 1


def test_flake8_tells_it_too(tmp_path: Path) -> None:
    plugin = Plugin(ast.Module([], []), str(tmp_path / "large.py"), LARGE.splitlines(keepends=True))
    assert [(row, column, text) for row, column, text, _ in plugin.run()] == [(1, 0, TOLD)]


def test_one_line_is_not_explained_in_a_large_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.py").write_text(LARGE)
    assert main(["why", "large.py:1"]) == 2
    assert "large.py: cannot be read: it has more than 1 500 000 bytes" in capsys.readouterr().err
