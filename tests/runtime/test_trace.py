"""What a test run has seen becomes evidence of types, where the code tells nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Pytest = Callable[..., "subprocess.CompletedProcess[str]"]
Copy = Callable[[str], Path]

XDIST = ("-p", "xdist.plugin", "-n", "2")

FOUND = {
    "first": "POL202",  # an attribute that is a factory of sessions
    "settle": "POL402",  # parameters: a session and a client
    "nap": "POL403",  # a name that is bound to what a registry gives
    "read": "POL201",  # an engine of the function around
    "size": "POL202",  # an attribute that is empty until somebody sets it
}


def check(folder: Path, *arguments: str) -> list[str]:
    """The codes of what is found, in the order of the rows."""
    command = [sys.executable, "-m", "poolint", "check", "--output-format", "json", "app", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode < 2, ran.stderr
    return [one["code"] for one in json.loads(ran.stdout)]


@pytest.fixture
def traced(service: Copy, run_tests: Pytest) -> Path:
    folder = service("shop")
    ran = run_tests(folder, "--poolint-trace", "seen/trace.json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def test_what_is_silent_without_it_is_found(traced: Path) -> None:
    assert check(traced) == []
    assert check(traced, "--trace", "seen/trace.json") == list(FOUND.values())
    assert check(traced, "--trace", "seen/trace.json") == list(FOUND.values()), "from what is kept, too"
    assert check(traced) == [], "what is kept of another run says nothing here"


def test_a_trace_that_says_something_else_is_read_again(traced: Path) -> None:
    file = traced / "seen" / "trace.json"
    (traced / "pyproject.toml").write_text('[tool.poolint]\ntrace = ["seen/trace.json"]\n')
    assert check(traced) == list(FOUND.values())
    trace = json.loads(file.read_text())
    del trace["files"]["app/jobs.py"]
    file.write_text(json.dumps(trace))
    assert check(traced) == []


def test_what_the_code_says_counts(traced: Path) -> None:
    source = traced / "app" / "jobs.py"
    source.write_text(
        source.read_text().replace("def settle(session,", "def settle(session: Ledger,") + "\n\nclass Ledger:\n"
        "    async def execute(self, statement):\n        return statement\n"
    )
    assert check(traced, "--trace", "seen/trace.json") == [code for name, code in FOUND.items() if name != "settle"]


def test_workers_see_together_what_one_process_does(service: Copy, run_tests: Pytest) -> None:
    folder = service("orders")
    plain = {}
    for name, arguments in (("one", ()), ("two", XDIST)):
        ran = run_tests(folder, "--poolint-trace", f"{name}.json", *arguments, SERVICE="right")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        plain[name] = json.loads((folder / f"{name}.json").read_text())
    names = plain["one"]["files"]["app/right.py"]["names"]
    assert names["Orders._total"]["session"][0][0] == "sqlalchemy.ext.asyncio.session.AsyncSession"
    for file, seen in plain["one"]["files"].items():
        assert plain["two"]["files"][file] == seen


def test_what_python_3_10_does_not_tell_of_functions_inside_others(traced: Path) -> None:
    """There it is only known that a function stands inside of another one, and not of which."""
    file = traced / "seen" / "trace.json"
    trace = json.loads(file.read_text())
    names = trace["files"]["app/jobs.py"]["names"]
    names["?.read"] = names.pop("reader.read", None) or names["?.read"]
    file.write_text(json.dumps(trace))
    assert check(traced, "--trace", "seen/trace.json") == list(FOUND.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "this is no trace that `pytest --poolint-trace` has written"),
        ('{"poolint-trace": 2, "root": ".", "files": {}}', "this is no trace"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_trace_is_an_error(tmp_path: Path, text: str | None, told: str) -> None:
    (tmp_path / "a.py").write_text("import asyncpg\n")
    if text is not None:
        (tmp_path / "trace.json").write_text(text)
    command = [sys.executable, "-m", "poolint", "check", "a.py", "--trace", "trace.json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("poolint: error: trace.json: ")
    assert told in ran.stderr
