"""A copy of the package that is on the path, and not installed, has no rules: that is no clean run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import poolint

LEAK = """\
from sqlalchemy import create_engine, text

engine = create_engine("postgresql+psycopg://shop@db/shop")


def orders():
    conn = engine.connect()
    conn.execute(text("SELECT 1"))
"""


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """A folder with the packages that poolint imports, and with the descriptions of none."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    older = ("tomli",) if sys.version_info < (3, 11) else ()
    for name in ("libcst", "msgspec", "pathspec", "yaml", "_yaml", "dockerfile_parse", *older):
        found = __import__(name).__file__
        assert found is not None
        (folder / name).symlink_to(Path(found).parent)
    (folder / "poolint").symlink_to(Path(poolint.__file__).parent)
    return folder


def test_without_rules_nothing_passes(libraries: Path, tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(LEAK)
    command = [sys.executable, "-S", "-m", "poolint", "check", "--no-cache", "--isolated", "orders.py"]
    environment = {**os.environ, "PYTHONPATH": str(libraries)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "no rule is known" in ran.stderr
    assert "passed" not in ran.stdout
