"""The page that ``speed.py`` writes: the machine, the versions, the commands, and a table for each tree."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import poolint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Row(NamedTuple):
    """What was measured, the figure, and what it is compared with."""

    what: str
    figure: str
    beside: str


HEAD = """# Speed

Measured by `benchmarks/speed.py`, which writes this page: whole processes, start-up included, in turns with those that they
are compared with; medians. CPU is processor time of all processes, wall is time by the clock, memory counts pages that
processes share once. Ruff runs with `--no-cache --select ASYNC,RUF006,SIM115`: rules of the same kind that need no types.
Cold is without anything kept (`--no-cache`), warm with everything. *Changed*: one function is appended to a file that
nobody imports, or to the one that most import. *Three files*: from the quarters of all analysed files by size.
*Doubled*: the tree once, twice, four times beside each other, each under a name of its own.
"""


def page(measured: Mapping[str, Sequence[Row]], others: Path | None) -> str:
    """The text of the page."""
    lines = [HEAD, *_machine(others), ""]
    for tree, rows in measured.items():
        lines += [f"## {tree}", "", "| | | |", "| --- | --- | --- |"]
        lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
        lines.append("")
    lines += [
        "To measure again:",
        "",
        "```console",
        "$ pip download --no-deps prefect==3.9.1 langflow-base==1.13.0 skypilot==0.14.1  # and unzip each",
        "$ python -m venv others && others/bin/pip install flake8 flake8-async pyright",
        "$ python benchmarks/speed.py --others others --page docs/speed.md TREE …",
        "```",
        "",
    ]
    return "\n".join(lines)


def _machine(others: Path | None) -> list[str]:
    return [
        f"{date.today().isoformat()}, {_processor()}, {_cores()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, poolint {poolint.__version__}, "
        + ", ".join(f"{name} {version}" for name, version in _versions(others).items())
        + "."
    ]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _cores() -> int:
    from poolint.workers import cores

    return cores()


def _versions(others: Path | None) -> dict[str, str]:
    found = {"ruff": importlib.metadata.version("ruff"), "libcst": importlib.metadata.version("libcst")}
    if others is not None:
        ran = subprocess.run(
            [others / "bin" / "python", "-m", "pip", "list", "--format=freeze"],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in ran.stdout.splitlines():
            name, _, version = line.partition("==")
            if name in ("flake8", "flake8-async", "pyright"):
                found[name] = version
    return found
