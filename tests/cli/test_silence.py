"""``--add-noqa``: comments that silence what is found, and change nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from poolint.cli.main import main

HEAD = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n"


@pytest.fixture
def leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nextend-select = ["POL902"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path / "leak.py"


def silenced(leak: Path, body: str, *arguments: str) -> str:
    """The body after comments have been added; nothing is found then, and they are all needed."""
    leak.write_bytes((HEAD + body).encode())
    assert main(["check", "--no-cache", "--add-noqa", *arguments, "."]) == 0
    after = leak.read_bytes().decode()
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(HEAD + body))
    assert main(["check", "--no-cache", "."]) == 0
    before = leak.stat()
    assert main(["check", "--no-cache", "--add-noqa", "."]) == 0
    assert (leak.stat().st_mtime_ns, leak.read_bytes().decode()) == (before.st_mtime_ns, after)
    return after.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("    pool.close()\n", "    pool.close()  # poolint: ignore[POL101]\n"),
        ("    pool.close()   \r\n", "    pool.close()  # poolint: ignore[POL101]\r\n"),
        ("    pool.close()", "    pool.close()  # poolint: ignore[POL101]"),
        ("    pool.close()  # at last\n", "    pool.close()  # at last  # poolint: ignore[POL101]\n"),
        (
            "    pool.close(); pool.fetch('x')  # poolint: ignore[POL104] old\n",
            "    pool.close(); pool.fetch('x')  # poolint: ignore[POL104, POL101] old\n",
        ),
        (
            "    pool.fetch(\n        '''a\n        b'''\n    )\n",
            "    pool.fetch(  # poolint: ignore[POL104]\n        '''a\n        b'''\n    )\n",
        ),
        ("    pool \\\n        .close()\n", "    pool \\\n        .close()  # poolint: ignore[POL101]\n"),
        ("    pool.fetch('''a\n    b''')\n", "    pool.fetch('''a\n    b''')  # poolint: ignore[POL104]\n"),
        ("    é = 'ü'; pool.close()\n", "    é = 'ü'; pool.close()  # poolint: ignore[POL101]\n"),
    ],
)
def test_where_the_comment_stands(leak: Path, body: str, after: str) -> None:
    assert silenced(leak, body) == after


def test_one_comment_for_a_row_and_its_reason(leak: Path) -> None:
    body = "    pool.close(); pool.fetch('x'); pool.close()\n"
    assert silenced(leak, body, "--noqa-reason", "known\n# since 2024") == (
        "    pool.close(); pool.fetch('x'); pool.close()  # poolint: ignore[POL101, POL104] known since 2024\n"
    )


def test_what_cannot_be_silenced_is_still_reported(leak: Path, capfd: pytest.CaptureFixture[str]) -> None:
    leak.write_text(HEAD + "    pool.close()\n")
    leak.chmod(0o444)
    assert main(["check", "--no-cache", "--add-noqa", "."]) == 1
    said = capfd.readouterr()
    assert "POL101" in said.out
    assert "leak.py: cannot be written: it is read-only" in said.err
    leak.chmod(0o644)
    leak.write_text(HEAD + "    pool.close()\ndef broken(:\n")
    assert main(["check", "--no-cache", "--add-noqa", "."]) == 1
    assert "poolint:" not in leak.read_text()


def test_comments_that_silence_nothing_are_left_to_people(leak: Path) -> None:
    leak.write_text(HEAD + "    pool.close()  # poolint: ignore[POL204] old\n")
    assert main(["check", "--no-cache", "--add-noqa", "."]) == 1
    assert leak.read_text().endswith("# poolint: ignore[POL204, POL101] old\n")


def test_a_reason_by_itself_silences_nothing(leak: Path) -> None:
    leak.write_text(HEAD + "    pool.close()\n")
    assert main(["check", "--no-cache", "--noqa-reason=later", "."]) == 1
    assert leak.read_text() == HEAD + "    pool.close()\n"
