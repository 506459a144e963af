"""A leak of each kind fails the test that makes it, at the line of the checkout; what is right passes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.postgres import running

Pytest = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[[str], Path]

KINDS = {"never", "exception", "cancellation", "generator", "shared"}
XDIST = ("-p", "xdist.plugin", "-n", "2")

pytestmark = pytest.mark.xdist_group("runtime")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running() as directory:
        yield directory


def leaks(folder: Path) -> dict[str, int]:
    """The row of the checkout by the kind of the leak, as the comments of the service say."""
    lines = (folder / "app" / "leaky.py").read_text().splitlines()
    return {line.rpartition("# leak: ")[2]: row for row, line in enumerate(lines, 1) if "# leak: " in line}


def failed(output: str) -> set[str]:
    return set(re.findall(r"^FAILED \S+::test_(\w+)", output, re.MULTILINE))


def report(output: str, kind: str) -> str:
    """What is told of one test."""
    return re.split(r"^_{5,} .*? _{5,}$", output.partition(f" test_{kind} ___")[2], flags=re.MULTILINE)[0]


@pytest.mark.parametrize(("name", "workers"), [("orders", XDIST), ("ledger", ())], ids=["sqlite-xdist", "postgresql"])
def test_each_leak_fails_its_own_test(
    service: Copy, run_tests: Pytest, request: pytest.FixtureRequest, name: str, workers: tuple[str, ...]
) -> None:
    host = request.getfixturevalue("server") if name == "ledger" else ""
    folder = service(name)
    ran = run_tests(folder, "--poolint", *workers, SERVICE="leaky", PGHOST=host)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert failed(ran.stdout) == KINDS, ran.stdout
    for kind, row in leaks(folder).items():
        told = report(ran.stdout, kind)
        assert f"app/leaky.py:{row}" in next(line for line in told.splitlines()[1:] if not line.startswith("[gw")), told
        assert re.search(r"task 'Task-\d+', held for \d", told)
        assert "poolint says there: app/leaky.py:" in told
        assert "poolint/runtime" not in told and "site-packages" not in told.partition("poolint says")[0]
    assert "longest holds of connections" in ran.stdout


@pytest.mark.parametrize(("name", "workers"), [("orders", ()), ("ledger", XDIST)], ids=["sqlite", "postgresql-xdist"])
def test_what_is_right_passes(
    service: Copy, run_tests: Pytest, request: pytest.FixtureRequest, name: str, workers: tuple[str, ...]
) -> None:
    host = request.getfixturevalue("server") if name == "ledger" else ""
    ran = run_tests(service(name), "--poolint", *workers, SERVICE="right", PGHOST=host)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_nothing_is_watched_unless_asked_for(service: Copy, run_tests: Pytest) -> None:
    ran = run_tests(service("orders"), SERVICE="leaky")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "poolint" not in ran.stdout
