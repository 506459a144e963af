"""Comments that silence, or fail to, through the real commands: the same under flake8, and mended by ``--fix``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]

APP = """\
# poolint: file-ignore[POL5] generated code
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()  # poolint: ignore[unawaited-transaction] the caller rolls back
    await session.commit()  # type: ignore  # noqa: E501,POL102
    await session.commit()  # poolint: ignore[POL1O2]
    await session.commit()  # poolint: ignore  # a reason
    session.rollback()  # poolint: ignore POL102
    await session.commit()  # poolint: ignore[POL506]
    await session.commit()  # noqa
"""
TOLD = [
    ("app.py", 1, "POL902"),
    ("app.py", 7, "POL902"),
    ("app.py", 8, "POL904"),
    ("app.py", 9, "POL902"),
    ("app.py", 10, "POL102"),
    ("app.py", 10, "POL904"),
    ("plain.py", 1, "POL902"),
]
FIXED = """\
# generated code
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()  # poolint: ignore[unawaited-transaction] the caller rolls back
    await session.commit()  # type: ignore  # noqa: E501
    await session.commit()  # poolint: ignore[POL1O2]
    await session.commit()  # a reason
    await session.rollback()  # poolint: ignore POL102
    await session.commit()  # poolint: ignore[POL506]
    await session.commit()  # noqa
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "plain.py").write_text("x = 1  # poolint: ignore[POL101]\n")
    return tmp_path


def told(poolint: Command, project: Path, *arguments: str) -> list[tuple[str, int, str]]:
    ran = poolint("check", "--output-format=json", *arguments, ".", cwd=project)
    assert not ran.stderr
    return [(one["filename"].rpartition("/")[2], one["location"]["row"], one["code"]) for one in json.loads(ran.stdout)]


def test_what_silences_nothing_is_told_and_mended(poolint: Command, project: Path) -> None:
    assert told(poolint, project) == TOLD
    ran = poolint("check", "--fix", "-q", ".", cwd=project)
    assert ran.returncode == 1, "what names no rule is left to its author"
    assert (project / "app.py").read_text() == FIXED
    assert (project / "plain.py").read_text() == "x = 1\n"
    assert told(poolint, project) == [("app.py", 8, "POL904"), ("app.py", 10, "POL904")]


def test_flake8_tells_the_same(command: Command, project: Path) -> None:
    ran = command(sys.executable, "-m", "flake8", "--isolated", "--select=POL", ".", cwd=project)
    lines = [line.split(":", 3) for line in ran.stdout.splitlines()]
    assert sorted((path[2:], int(row), text.split()[0]) for path, row, _, text in lines) == TOLD


def test_selection(poolint: Command, project: Path) -> None:
    unknown = [one for one in TOLD if one[2] == "POL904"]
    assert told(poolint, project, "--ignore=POL904") == [one for one in TOLD if one not in unknown]
    assert told(poolint, project, "--ignore=unused-suppression") == [one for one in TOLD if one[2] != "POL902"]
    assert told(poolint, project, "--select=POL201") == unknown
    assert told(poolint, project, "--select=POL201,POL902") == unknown, "the others have not run"
    assert told(poolint, project, "--select=POL102,POL902") == [
        ("app.py", 7, "POL902"),
        ("app.py", 8, "POL904"),
        ("app.py", 10, "POL102"),
        ("app.py", 10, "POL904"),
    ]
    (project / "pyproject.toml").write_text(
        '[tool.poolint]\nextend-select = ["POL506"]\nstrict-noqa = true\n'
        '[tool.poolint.per-file-ignores]\n"app.py" = ["POL904", "POL5"]\n"plain.py" = ["POL9"]\n'
    )
    assert told(poolint, project) == [
        ("app.py", 7, "POL902"),
        ("app.py", 9, "POL902"),
        ("app.py", 10, "POL102"),
        ("app.py", 12, "POL902"),
    ]


def test_a_finding_that_is_mended_takes_its_comment_along(poolint: Command, project: Path) -> None:
    (project / "app.py").write_text(APP.replace("session.rollback()  # poolint: ignore POL102", "session.rollback()"))
    assert poolint("check", "--fix", "-q", ".", cwd=project).returncode == 1
    assert "    await session.rollback()\n" in (project / "app.py").read_text()


def test_pairs_are_honoured_by_flake8_too(command: Command, poolint: Command, project: Path) -> None:
    text = APP.replace("    session.rollback()", "    # poolint: disable[POL102]\n    session.rollback()")
    text = text.replace("  # poolint: ignore POL102\n", "\n    # poolint: enable[POL102]\n")
    (project / "app.py").write_text(text)
    expected = [one for one in told(poolint, project) if one[0] == "app.py"]
    assert ("app.py", 11, "POL102") not in expected
    assert [one for one in expected if one[1] in (10, 11, 12)] == []
    ran = command(sys.executable, "-m", "flake8", "--isolated", "--select=POL", "app.py", cwd=project)
    lines = [line.split(":", 3) for line in ran.stdout.splitlines()]
    assert sorted((path, int(row), text.split()[0]) for path, row, _, text in lines) == expected
    (project / "app.py").write_text(text.replace("enable[POL102]", "enable[POL101]"))
    assert {("app.py", 10, "POL904"), ("app.py", 11, "POL102"), ("app.py", 12, "POL904")} <= set(told(poolint, project))
