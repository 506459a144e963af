"""A copy of this checkout, to write scaffolds into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("src", "docs", "tools", "pyproject.toml", "README.md", "tests/support.py", "tests/test_registry.py",
          "tests/test_docs.py", "tests/test_fixtures.py", "tests/test_architecture.py")  # fmt: skip

Run = Callable[..., str]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this checkout, and the working directory in it."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(checkout: Path) -> Run:
    """Runs a module of Python in the copy, which must succeed, and gives its output."""
    environment = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run
