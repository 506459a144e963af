"""The tests of the example pass, and those that come by a mistake that keeps a connection fail where pools are watched."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"

pytestmark = pytest.mark.xdist_group("runtime")

LEAKS = {
    "the_service_is_ready": ("orders/health.py", "connection = await engine.connect()", "POL201"),
    "events_are_delivered_once": ("orders/worker.py", "events = await session.scalars(", "POL101"),
    "what_cannot_be_delivered_is_tried_again": ("orders/worker.py", "events = await session.scalars(", "POL101"),
}
"""By the name of a test, the file and the line that keeps a connection, and what poolint says of it."""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".poolint_cache"))
    return folder


def test_its_tests_pass(example: Path, run_tests: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ran = run_tests(example)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["alone", "xdist"])
def test_its_mistakes_fail_the_tests_that_come_by(
    example: Path, run_tests: Callable[..., subprocess.CompletedProcess[str]], workers: tuple[str, ...]
) -> None:
    ran = run_tests(example, "--poolint", *workers)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert set(re.findall(r"^FAILED \S+::test_(\w+)", ran.stdout, re.MULTILINE)) == set(LEAKS)
    for test, (file, line, code) in LEAKS.items():
        rows = [row for row, text in enumerate((example / file).read_text().splitlines(), 1) if line in text]
        told = ran.stdout.partition(f" test_{test} ___")[2].partition("\n____")[0]
        assert re.search(rf"checked out, at {file}:(?:{'|'.join(map(str, rows))})$", told, re.MULTILINE), told
        assert re.search(rf"poolint says there: {file}:\d+: {code} ", told), told


def test_the_readme_says_so() -> None:
    shown = (EXAMPLE / "README.md").read_text(encoding="utf-8").partition("$ pytest --poolint\n")[2].partition("```")[0]
    assert set(re.findall(r"^FAILED \S+::test_(\w+)", shown, re.MULTILINE)) == set(LEAKS)
