"""Runs the real commands, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "import sys; from poolint.cli.main import main; sys.exit(main())"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def run(
    *command: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and give what it wrote, whatever its exit code."""
    ran = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, input=stdin, capture_output=True, check=False, timeout=600
    )
    return subprocess.CompletedProcess(
        ran.args, ran.returncode, ran.stdout.decode("utf-8"), ran.stderr.decode("utf-8", "replace")
    )


@pytest.fixture
def poolint() -> Command:
    """``poolint("check", "a.py", cwd=…)``: the command line."""

    def call(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-c", MAIN, *arguments, cwd=cwd, env=env)

    return call


@pytest.fixture
def findings(poolint: Command) -> Callable[..., list[dict[str, Any]]]:
    """What the command line finds, as its JSON tells it."""

    def call(*arguments: str, cwd: Path) -> list[dict[str, Any]]:
        ran = poolint("check", "--output-format", "json", *arguments, cwd=cwd)
        assert ran.returncode in (0, 1), ran.stderr
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found

    return call


@pytest.fixture
def command() -> Command:
    """Any other command."""
    return run
