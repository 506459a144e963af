"""With a target version, branches for versions of Python that are never run with are ruled out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.syntax.target import settle
from poolint.text.source import Source

LEAK = """\
import sys

import asyncpg


async def count(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()
    try:
        await conn.execute("SELECT 1")
    finally:
        if {test}:
            await pool.release(conn)
"""


@pytest.mark.parametrize(
    ("test", "least", "settled"),
    [
        ("sys.version_info >= (3, 11)", (3, 11), "True"),
        ("sys.version_info >= (3, 11)", (3, 10), None),
        ("sys.version_info < (3, 11)", (3, 11), "False"),
        ("sys.version_info < (3, 13)", (3, 11), None),
        ("version_info[:2] >= (3, 8)", (3, 10), "True"),
        ("sys.version_info[0] == 2", (3, 10), "False"),
        ("sys.version_info.major >= 3", (3, 10), "True"),
        ("sys.version_info[1] >= 9", (3, 10), "True"),
        ("sys.version_info >= (3, 10, 4)", (3, 10), None),
        ("sys.version_info >= (3, 9, 4)", (3, 10), "True"),
        ("not sys.version_info >= (3, 9)", (3, 10), "not True"),
        ("sys.version_info >= (3, 9) and debug", (3, 10), "True and debug"),
        ("sys.version_info >= wanted", (3, 10), None),
        ("sys.version_info[0:1] >= (3,)", (3, 10), None),
        ("sys.version_info >= 3", (3, 10), None),
        ("other.version_info >= (3, 9)", (3, 10), None),
        ("sys.version_info[-1] >= 9", (3, 10), None),
    ],
)
def test_what_is_settled(test: str, least: tuple[int, int], settled: str | None) -> None:
    tree = ast.parse(f"if {test}:\n    pass")
    settle(tree, least)
    [statement] = tree.body
    assert isinstance(statement, ast.If)
    assert ast.unparse(statement.test) == (settled or test)


@pytest.mark.parametrize(
    ("test", "target", "leaks"),
    [
        ("sys.version_info >= (3, 11)", "", True),
        ("sys.version_info >= (3, 11)", "py310", True),
        ("sys.version_info >= (3, 11)", "py311", False),
        ("sys.version_info >= (3, 11)", "py314", False),
        ("sys.version_info < (3, 11)", "py311", True),
        ("not sys.version_info < (3, 11)", "py312", False),
    ],
)
def test_what_is_found(test: str, target: str, leaks: bool, tmp_path: Path) -> None:
    settings = Settings(root=str(tmp_path), **({"target_version": target} if target else {}))
    source = Source.from_bytes(str(tmp_path / "app.py"), LEAK.format(test=test).encode())
    found = [one.code for one in Checker(settings, LazyRules()).check(source)]
    assert bool(found) == leaks, found
