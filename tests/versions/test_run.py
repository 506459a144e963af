"""What the versions that a project has pinned change about a run, and what a broken lock file does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.config import Resolver
from poolint.runner import Outcome, Runner

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = """\
from fastapi import Depends
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

maker = sessionmaker()


def get_session():
    with maker() as session:
        yield session


def lines(rows):
    yield from rows


def captured(session):
    yield from session.scalars(text("SELECT 1"))


def used(session: Session = Depends(get_session)):
    rows = session.scalars(text("SELECT 1")).all()
    return StreamingResponse(lines(rows))


def handed_on(session: Session = Depends(get_session)):
    return StreamingResponse(captured(session))
"""
BEFORE = "which ends with the request, before the first line is sent: the closed session takes a connection again"
AFTER = "which ends with the request: it holds a connection until the client has read everything"
EITHER = "which nobody releases, or it holds a connection until the client has read everything"


def ran(folder: Path) -> Outcome:
    (folder / "api.py").write_text(ENDPOINT, encoding="utf-8")
    return Runner(Resolver(str(folder))).run([str(folder)])


@pytest.mark.parametrize(
    ("pinned", "rows", "words"),
    [
        ("fastapi==0.105.0", [24, 28], AFTER),
        ("fastapi==0.106.0", [28], BEFORE),
        ("fastapi==0.117.1", [28], BEFORE),
        ("fastapi==0.118.0", [24, 28], AFTER),
        ("fastapi>=0.118", [24, 28], AFTER),
        ("fastapi>=0.106,<0.118", [28], BEFORE),
        ("fastapi>=0.100,<0.118", [28], BEFORE),
        ("fastapi>=0.117", [24, 28], AFTER),
        ("fastapi", [24, 28], AFTER),
        ("fastapi @ https://example.org/fastapi.whl", [28], EITHER),
        ("starlette==1.0", [28], EITHER),
    ],
)
def test_the_version_decides(tmp_path: Path, pinned: str, rows: list[int], words: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{pinned}\n", encoding="utf-8")
    found = [one for one in ran(tmp_path).diagnostics if one.code == "POL406"]
    assert [one.range.start.row for one in found] == rows
    assert words in found[-1].message


def test_a_broken_file_is_told_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "fastapi"\nversion = \n', encoding="utf-8")
    outcome = ran(tmp_path)
    assert [one.range.start.row for one in outcome.diagnostics if one.code == "POL406"] == [28]
    assert outcome.errors == ["uv.lock: not asked for the versions of libraries: it is broken TOML: Invalid value"]
    assert not outcome.crashed
    assert not outcome.refused


def test_nobody_asks_where_it_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "fastapi"\nversion = \n', encoding="utf-8")
    (tmp_path / "job.py").write_text(
        "from sqlalchemy.orm import Session\n\n\ndef save(session: Session) -> None:\n    session.commit()\n"
    )
    assert Runner(Resolver(str(tmp_path))).run([str(tmp_path / "job.py")]).errors == []
