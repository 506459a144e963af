"""What ends with its process is off also where a command calls for it."""

from __future__ import annotations

from pathlib import Path

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

HELPER = """
async def empty(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as conn:
        await conn.execute(text("DELETE FROM stations"))
    await engine.dispose()
"""
COMMAND = f"""
import asyncio

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

commands = typer.Typer()

{HELPER}

@commands.command()
def clear(url: str) -> None:
    asyncio.run(empty(url))
"""
FOR_EACH = COMMAND.replace("    asyncio.run", "    for one in url.split():\n        asyncio.run").replace(
    "(empty(url))", "(empty(one))"
)


def told(text: str, root: Path) -> list[str]:
    (root / "manage.py").write_text(text, "utf-8")
    thorough = Checker(Settings(root=str(root), certainty="possible"), LazyRules())
    return [one.code for one in thorough.check(Source.read(str(root / "manage.py")))]


def test_an_engine_that_ends_with_a_command(tmp_path: Path) -> None:
    assert told(COMMAND, tmp_path) == []


def test_an_engine_for_each_item_of_a_command(tmp_path: Path) -> None:
    assert told(FOR_EACH, tmp_path) == ["POL202"]


def test_an_engine_of_a_coroutine_that_anybody_awaits(tmp_path: Path) -> None:
    assert told(COMMAND.replace("@commands.command()\n", ""), tmp_path) == ["POL202"]
