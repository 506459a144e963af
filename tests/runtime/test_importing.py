"""Eyes open when a program imports a library, and nothing of that import is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LATER = """
import sys
from poolint.runtime.eyes import eyes
from poolint.runtime.holds import Book
before = list(sys.meta_path)
book = Book()
eyes = eyes(book)
eyes.look_forward()
assert not {"sqlalchemy", "asyncpg", "psycopg_pool"} & set(sys.modules)
import sqlalchemy
assert not {"asyncpg", "psycopg_pool"} & set(sys.modules)
assert "exec_module" not in vars(sqlalchemy.__loader__)
assert sqlalchemy.__spec__.loader is sqlalchemy.__loader__
connection = sqlalchemy.create_engine("sqlite://").connect()
assert len(book.held()) == 1
import sqlalchemy.ext.asyncio, asyncpg, psycopg_pool
own = psycopg_pool.ConnectionPool.getconn, asyncpg.Pool.close
eyes.close()
assert own != (psycopg_pool.ConnectionPool.getconn, asyncpg.Pool.close)
assert sys.meta_path == before
"""

FAILING = """
import sys
from poolint.runtime.importing import Imports
told = []
imports = Imports(["broken", "fine", "missing"], told.append)
for name in ("broken", "missing"):
    try:
        __import__(name)
    except (ZeroDivisionError, ModuleNotFoundError):
        continue
    raise AssertionError(name)
assert told == []
import fine, json
assert told == ["fine"], told
open("broken.py", "w").close()
import importlib
importlib.invalidate_caches()
import broken
assert told == ["fine", "broken"], told
"""


def run(code: str, folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr


def test_a_library_is_watched_from_its_import_on(tmp_path: Path) -> None:
    run(LATER, tmp_path)


def test_an_import_that_fails_is_told_of_when_it_succeeds(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "fine.py").write_text("")
    run(FAILING, tmp_path)
