"""The baseline under flake8: what the command line does not report, flake8 does not report either."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Findings = Callable[..., "list[dict[str, Any]]"]

HEAD = "import asyncpg\nimport httpx\n\n\n"
OLD = "async def total(pool: asyncpg.Pool) -> None:\n    conn = await pool.acquire()\n    conn.close()\n"
MORE = "    conn = await pool.acquire()\n    conn.close()\n"
TOGETHER = """
async def send(pool: asyncpg.Pool, client: httpx.AsyncClient) -> None:
    async with pool.acquire() as conn:
        await client.post("https://pay.example/a")
        await conn.fetchval("SELECT 1")
        await client.post("https://pay.example/b")
"""


@pytest.fixture
def project(tmp_path: Path, poolint: Command) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101", "POL402", "POL406"]\n')
    (tmp_path / "a.py").write_text(HEAD + OLD + TOGETHER)
    assert poolint("baseline", ".", cwd=tmp_path).returncode == 0
    return tmp_path


@pytest.fixture
def both(command: Command, findings: Findings, project: Path) -> Callable[..., list[tuple[str, int, str]]]:
    """What flake8 reports, which has to be what the command line does."""

    def call(*arguments: str, is_same: bool = True) -> list[tuple[str, int, str]]:
        line = "--format=%(path)s\t%(row)d\t%(code)s"
        ran = command(
            *(sys.executable, "-m", "flake8", "--isolated", "--select=POL", line, *arguments, "."), cwd=project
        )
        assert not ran.stderr
        rows = [row.split("\t") for row in ran.stdout.splitlines()]
        told = sorted((path.removeprefix("./"), int(row), code) for path, row, code in rows)
        if is_same:
            there = findings(".", cwd=project)
            assert told == sorted(
                (one["filename"].rpartition("/")[2], one["location"]["row"], one["code"]) for one in there
            )
        return told

    return call


Both = Callable[..., "list[tuple[str, int, str]]"]


def test_what_is_known_is_not_told(both: Both, project: Path) -> None:
    assert both() == []
    assert both("--jobs=1") == []
    assert ("a.py", 7, "POL101") in both("--no-poolint-baseline", is_same=False)
    (project / "a.py").write_text("x = 1\n\n" + HEAD + OLD + TOGETHER)
    assert both() == [], "rows may move"


def test_what_is_new_is_told_beside_what_is_old(both: Both, project: Path) -> None:
    (project / "a.py").write_text(HEAD + OLD + MORE + TOGETHER)
    assert [one[2] for one in both()] == ["POL101"]
    (project / "b.py").write_text(HEAD + OLD)
    assert [one[0] for one in both()] == ["a.py", "b.py"]


def test_comments_count_first(both: Both, project: Path) -> None:
    silent = OLD.replace("conn.close()", "conn.close()  # noqa: POL101")
    (project / "a.py").write_text(HEAD + silent + MORE + TOGETHER)
    assert both() == [], "what a comment silences takes no entry from what is known"
    assert [one[1:] for one in both("--disable-noqa", is_same=False)] == [(7, "POL101")]


def test_another_file(both: Both, project: Path, command: Command) -> None:
    (project / "poolint-baseline.txt").rename(project / "known.txt")
    assert both("--poolint-baseline=known.txt", is_same=False) == []
    (project / ".flake8").write_text("[flake8]\nselect = POL\npoolint-baseline = known.txt\n")
    ran = command(sys.executable, "-m", "flake8", ".", cwd=project)
    assert (ran.returncode, ran.stdout) == (0, "")
    told = both("--poolint-baseline=gone.txt", is_same=False)
    assert told == [("a.py", 1, "POL900")]


def test_a_file_that_was_renamed_is_told_until_the_baseline_knows(both: Both, project: Path, poolint: Command) -> None:
    (project / "a.py").rename(project / "c.py")
    assert [one[0] for one in both(is_same=False)][:1] == ["c.py"]
    assert poolint("baseline", ".", cwd=project).returncode == 0
    assert both() == []
