"""What is done with one repository, in whatever process or on whatever machine: a check with a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

COMMAND = (sys.executable, "-m", "poolint", "check", "--output-format", "json", "--no-cache", "--jobs", "1", ".")
"""Fleets are shared by repositories: each is checked by one process, which writes nothing into it."""

ATTEMPTS = 2
"""How often a check is begun that something else ends, such as a system that runs out of memory."""

MAX_OUTPUT = 64_000_000
"""Bytes of findings; more than this no reader of ours would take."""


class Task(NamedTuple):
    """A folder at an absolute path that is to be checked within ``limit`` seconds."""

    name: str
    path: str
    limit: float
    command: tuple[str, ...] = COMMAND


class Result(NamedTuple):
    """What came of a task: ``findings`` as JSON, empty where there are none to be had, and ``failure``, why that is, in
    one line. ``seconds`` are those of a clock."""

    name: str
    code: int
    findings: bytes
    seconds: float
    failure: str


def examine(task: Task) -> Result:
    """Check one repository. Whatever goes wrong is part of the result."""
    begin = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        code, findings, failure = _ran(task)
        if code >= 0 or attempt == ATTEMPTS:
            break
    return Result(task.name, code, findings, time.monotonic() - begin, failure)


def _ran(task: Task) -> tuple[int, bytes, str]:
    """The exit code, what was written, and what went wrong; the code is negative where something ended the process."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            code = subprocess.run(
                task.command,
                cwd=task.path,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=task.limit,
                check=False,
                env={**os.environ, "POOLINT_TRACEBACK": ""},
            ).returncode
        except subprocess.TimeoutExpired:
            return 2, b"", f"it took more than {task.limit:g} s"
        except OSError as error:
            return 2, b"", f"cannot be checked: {error.strerror or error}"
        if code in (0, 1):
            size = out.seek(0, os.SEEK_END)
            if size > MAX_OUTPUT:
                return 2, b"", f"its findings have more than {MAX_OUTPUT:,} bytes".replace(",", " ")
            out.seek(0)
            return code, out.read(), ""
        if code < 0:
            return code, b"", f"its process was ended by the signal {-code}"
        err.seek(max(0, err.seek(0, os.SEEK_END) - 2000))
        said = err.read().decode("utf-8", "replace").strip().splitlines()
        out.seek(0)
        crashed = out.read(MAX_OUTPUT)
        return code, crashed if crashed.endswith(b"]\n") else b"", said[-1] if said else f"the check exits with {code}"
