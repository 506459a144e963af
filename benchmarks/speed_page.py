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


WHY = """## What the time goes to

Sampled on the three trees, as shares of a cold run in one process:

| | prefect | langflow-base | skypilot |
| --- | --- | --- | --- |
| parse files (`ast.parse`) | 13 % | 10 % | 11 % |
| file scopes, names and calls of what was parsed | 7 % | 6 % | 8 % |
| screen: which files can concern a database at all | 14 % | 8 % | 17 % |
| start-up and imports, LibCST among them | 7 % | 3 % | 4 % |
| types, effects, what is held, the detectors | 52 % | 56 % | 51 % |
| calls without a model that are awaited while something is held | 3 % | 11 % | 1 % |
| the rest: rules on LibCST slices, comments, output | 4 % | 6 % | 8 % |

What was aimed at is 12, 16 and 15 × ruff's processor time. The first three rows alone take some 7, 10 and 10 ×. What has
been looked into beyond what is built:

- *Reading function bodies on demand* is done in files that are only imported. They hold 38 %, 19 % and 16 % of what is
  read, and 46 %, 15 % and 44 % of that are bodies which nobody asks for: a few per cent of a run, and more where few files
  are checked (three of skypilot: 1.0 s, which were 1.5 s) or several processes share them. In files that are checked it
  would save as much again, but a syntax error in such a function would no longer be reported, and checking the syntax
  without making the tree (`symtable`) takes 70 % of the time of parsing.
- *Redoing less after a change.* A change that only binds names concerns those files alone that mention what it alters, or
  ask what that has a part in: the changes in the tables add a function, and concern no other file. What they take is the
  screen, which reads what the changed file imports over all imports (0.2 to 0.4 s), and what the file asks of others, which
  is found out anew: if nothing but the changed file is looked at, it takes 0.4, 0.4 and 1.1 s. Where something is altered
  that many mention, nearly as much is done again as in a cold run (a function of each of these core files with another
  body: 1.0 × cold), since what rests on those is known by modules, and modules of such packages reach each other: 280 of
  skypilot's 609 files reach the one that imports its changed leaf. Putting down each import by the names that it asks for was
  tried: a changed file then concerned 40, 99 and 98 others on average where it concerned 48, 108 and 156, for ten times as
  much to keep. What would help is to know for each answer what it rests on, as build systems do by query: each of them
  would then be put down, with what it asks, in every run.
- *Asking detectors only about functions whose words may concern a database.* Saves 3 to 6 % of all calls, and loses
  findings: what is held reaches a function through its callers, through dependencies and through decorators, which its
  own words do not show.
- *Compiling with mypyc*: with 170 modules, the syntax, the types and the analyses among them, prefect takes 0.9 to 1.0 of the
  time: what takes long works on `ast` nodes, dictionaries and bytes, which are compiled already.
- *More processes.* Each reads what it needs of the modules that many import: two processes take 1.1 to 1.4 × the
  processor time of one.
- *Others.* flake8 with flake8-async takes 350 to 430 s of processor time for each of these trees, 55 to 105 times what
  poolint takes; pyright, which tells types and nothing of pools, takes 69 to 82 s. Both were measured once, while the
  other core was busy, beside an earlier state of poolint.
- *Doubled trees.* Processor time of one process, memory of two; the last two sizes once each. From 12 MB of source on a
  process that has taken its share of 500 MB ends, and another one follows: what it knows is gone at once, where the
  garbage collector took two fifths of the time of a service of 856,000 lines (96 s of processor time, now 45 s). What such
  a tree's files need in common is read again by each of them: kept as a whole, with 1.6 GB, it takes 22 s.
- *Three files* of a package need what they import: the screen alone opens 430 files for those of skypilot, which is half
  of the time, and start-up with the models is a third of it.
- *Memory* is trees: some 45 bytes for each byte of source. They are let go of once 8 MB of source are loaded; a lower
  limit brings langflow-base down to 276 MB, at 1.65 × the processor time.
"""


def page(measured: Mapping[str, Sequence[Row]], others: Path | None, runs: int) -> str:
    """The text of the page; ``runs`` are those of each command."""
    lines = [HEAD, *_machine(others), f"{'One run' if runs == 1 else f'{runs} runs'} of each.", ""]
    for tree, rows in measured.items():
        lines += [f"## {tree}", "", "| | | |", "| --- | --- | --- |"]
        lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
        lines.append("")
    lines += [
        *WHY.splitlines(),
        "",
        "## Measure again",
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
