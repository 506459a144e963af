"""Runs the tests of services as their authors would, with the plugin."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SERVICES = Path(__file__).parent / "services"
PLUGIN = ("-p", "poolint.integrations.pytest")

Pytest = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def service(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a service with its tests."""

    def copied(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(SERVICES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "pytest.ini").write_text("[pytest]\n")
        return folder

    return copied


@pytest.fixture
def run_tests() -> Pytest:
    """Runs pytest in a folder, without the plugins that happen to be installed."""

    def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "anyio", *PLUGIN, "-p", "no:cacheprovider", *arguments],
            cwd=folder,
            env={**inherited, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run
