"""What the findings about held connections say of the locks that are held as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.config import Resolver
from poolint.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
import requests
from sqlalchemy import text
from sqlalchemy.orm import Session


def pay(session: Session) -> None:
{body}
"""
LOCK = 'session.execute(text("SELECT 1 FROM orders FOR UPDATE"))'
CALL = 'requests.post("https://payments.example")'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([LOCK, CALL], "while `session` holds a connection and a row lock (since line 7)"),
        (['session.execute(text("x"))', LOCK, CALL], "holds a connection (since line 7) and a row lock (since line 8)"),
        (["with session.begin():", f"    {LOCK}", f"    {CALL}"], "(line 7) is open and holds a row lock (line 8)"),
        (
            ["with session.begin():", f"    {LOCK}", '    session.execute(text("lock table x"))', f"    {CALL}"],
            "is open and holds a row lock (line 8) and a table lock (line 9)",
        ),
        (['session.execute(text("x"))', CALL], "while `session` holds a connection (since line 7)"),
    ],
)
def test_locks_are_told(tmp_path: Path, body: list[str], words: str) -> None:
    file = tmp_path / "pay.py"
    file.write_text(FILE.format(body="\n".join(f"    {row}" for row in body)), encoding="utf-8")
    (found,) = Runner(Resolver(str(tmp_path))).run([str(file)]).diagnostics
    assert words in found.message
    locks = found.message.count(" lock (") + found.message.count(" lock and")
    assert (
        sum("takes a row lock" in step.message or "takes a table lock" in step.message for step in found.path) == locks
    )
