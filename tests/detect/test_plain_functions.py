"""Where a finding says that an endpoint could be a plain function, nothing that may run in it has to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.config import Resolver
from poolint.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
import asyncio
from abc import ABC, abstractmethod

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.orm import Session

from shop.database import get_session

router = APIRouter()


class Shortener{bases}:
{decorated}
    async def shorten(self, note: str) -> str:
        {body}


class Long(Shortener):
    async def shorten(self, note: str) -> str:
        {below}


@router.get("/orders/{{order}}/note")
async def note(order: int, shortener: Shortener = Depends(), session: Session = Depends(get_session)) -> str:
    found = session.execute(text("SELECT note FROM orders")).scalar_one()
    return await shortener.shorten(found)
"""
WAITS = "await asyncio.sleep(1); return note"


@pytest.mark.parametrize(
    ("is_abstract", "body", "below", "is_plain"),
    [
        (True, "...", "return note[:80]", True),
        (True, "...", WAITS, False),
        (False, WAITS, "return note", False),
        (False, "return note", WAITS, False),
    ],
)
def test_what_may_run_instead_is_awaited_as_well(
    tmp_path: Path, is_abstract: bool, body: str, below: str, is_plain: bool
) -> None:
    bases, decorated = ("(ABC)", "    @abstractmethod") if is_abstract else ("", "")
    file = tmp_path / "orders.py"
    file.write_text(FILE.format(bases=bases, decorated=decorated, body=body, below=below), encoding="utf-8")
    found = [one for one in Runner(Resolver(str(tmp_path))).run([str(file)]).diagnostics if one.code == "POL301"]
    assert len(found) == 1
    assert any("`def` instead of `async def`" in step.message for step in found[0].path) == is_plain
