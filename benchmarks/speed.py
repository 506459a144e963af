"""Time poolint on real trees, whole processes beside those of other tools in turns, and write the table in docs/speed.md.

    python -m venv others && others/bin/pip install flake8 flake8-async pyright
    pip download --no-deps prefect==3.9.1 langflow-base==1.13.0 skypilot==0.14.1   # and unzip each
    python benchmarks/speed.py --others others TREE …

Trees are copied before anything is changed in them. Nothing fails for being slow.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from speed_page import Row, page

from poolint.config import Resolver
from poolint.discovery import Discovery
from poolint.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
POOLINT = [sys.executable, "-m", "poolint", "check", "--isolated", "--exit-zero", "--quiet"]
RUFF = ["--no-cache", "--isolated", "--select", "ASYNC,RUF006,SIM115", "--exit-zero", "--quiet"]
MOST_LINES = 2_000_000
PARTS = ("cold", "processes", "warm", "changed", "three", "clean", "memory", "others", "scale")


class Cost(NamedTuple):
    """Seconds of one run: by the clock, and of processors, children included."""

    wall: float
    cpu: float


def run(command: Sequence[str], tree: Path) -> Cost:
    """One run of a whole process."""
    before, begin = os.times(), time.perf_counter()
    subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - begin, os.times()
    return Cost(wall, after.children_user - before.children_user + after.children_system - before.children_system)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))


class Bench:
    """Measures on copies of trees; ``runs`` of each command, in turns with those that it is compared with."""

    def __init__(self, runs: int, others: Path | None, work: Path, most_lines: int) -> None:
        self.runs = runs
        self.others = others
        self.work = work
        self.most_lines = most_lines
        ruff = Path(sys.executable).parent / "ruff"
        self.ruff = [str(ruff if ruff.exists() else shutil.which("ruff") or "ruff"), "check", *RUFF]

    def in_turns(self, tree: Path, *commands: Sequence[str], before: Callable[[], object] = lambda: None) -> list[Cost]:
        """Medians of the commands, which take turns after one round that does not count; ``before`` is called before
        each round."""
        rounds = []
        for _ in range(self.runs + 1):
            before()
            rounds.append([run(one, tree) for one in commands])
        return [median(column) for column in zip(*rounds[1:], strict=True)]

    def rows(self, tree: Path, parts: Sequence[str]) -> Iterator[Row]:
        """The rows of one tree."""
        copy = self.work / "tree"
        shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".poolint_cache", "__pycache__"))
        try:
            for part in parts:
                yield from getattr(self, part)(copy)
        finally:
            shutil.rmtree(copy)

    def cold(self, tree: Path) -> Iterator[Row]:
        ours, theirs = self.in_turns(tree, [*POOLINT, "--no-cache", "-j1", "."], [*self.ruff, "."])
        yield Row(
            "cold, one process", f"{ours.cpu:.2f} s CPU", f"{ours.cpu / theirs.cpu:.1f} × ruff ({theirs.cpu:.2f} s)"
        )

    def processes(self, tree: Path) -> Iterator[Row]:
        one, two = self.in_turns(tree, *([*POOLINT, "--no-cache", f"-j{number}", "."] for number in (1, 2)))
        faster = f"{one.wall / two.wall:.2f} × faster than one ({one.wall:.2f} s), {two.cpu / one.cpu:.2f} × its CPU"
        yield Row("cold, two processes", f"{two.wall:.2f} s wall", faster)

    def warm(self, tree: Path) -> Iterator[Row]:
        kept = self._kept()
        run([*POOLINT, *kept, "."], tree)
        ours, theirs = self.in_turns(tree, [*POOLINT, *kept, "."], [*self.ruff, "."])
        yield Row("warm", f"{ours.wall:.2f} s wall", f"{ours.wall / theirs.wall:.1f} × ruff ({theirs.wall:.2f} s)")

    def changed(self, tree: Path) -> Iterator[Row]:
        leaf, core = leaf_and_core(tree)
        cold, theirs = self.in_turns(tree, [*POOLINT, "--no-cache", "-j1", "."], [*self.ruff, "."])
        for name, path in (("leaf", leaf), ("core", core)):
            kept, text = [*self._kept(), "-j1"], path.read_bytes()
            run([*POOLINT, *kept, "."], tree)
            numbers = iter(range(1000))

            def change(path: Path = path, text: bytes = text, numbers: Iterator[int] = numbers) -> None:
                path.write_bytes(text + b"\n\ndef changed_%d():\n    return 1\n" % next(numbers))

            (ours,) = self.in_turns(tree, [*POOLINT, *kept, "."], before=change)
            path.write_bytes(text)
            against = (
                f"{ours.wall / theirs.wall:.1f} × ruff" if name == "leaf" else f"{ours.wall / cold.wall:.2f} × cold"
            )
            yield Row(f"a {name} file changed ({path.relative_to(tree)})", f"{ours.wall:.2f} s wall", against)

    def three(self, tree: Path) -> Iterator[Row]:
        found = of_interest(tree)
        three = [str(found[len(found) * part // 4].relative_to(tree)) for part in (1, 2, 3)]
        kept = self._kept()
        (cold,) = self.in_turns(tree, [*POOLINT, "--no-cache", *three])
        (warm,) = self.in_turns(tree, [*POOLINT, *kept, *three])
        yield Row("three database files alone", f"{cold.cpu:.2f} s CPU cold, {warm.cpu:.2f} s warm", ", ".join(three))

    def clean(self, tree: Path) -> Iterator[Row]:
        del tree
        file = self.work / "clean.py"
        file.write_text("x = 1\n")
        options = [*POOLINT, "--no-cache", file.name]
        alone = [*POOLINT[:4], file.name]
        plain, ours, theirs = self.in_turns(self.work, alone, options, [sys.executable, "-c", "pass"])
        times = (
            f"{plain.wall / theirs.wall:.1f} × `python -c pass` ({theirs.wall * 1000:.0f} ms); with an option, which "
            f"takes argparse, {ours.wall / theirs.wall:.1f} ×"
        )
        yield Row("a clean file", f"{plain.wall * 1000:.0f} ms wall", times)

    def memory(self, tree: Path) -> Iterator[Row]:
        peaks = [peak([*POOLINT, "--no-cache", f"-j{number}", "."], tree) for number in (1, 2)]
        yield Row("peak memory, all processes", " / ".join(f"{one / 1e6:.0f} MB" for one in peaks), "one process / two")

    def others_(self, tree: Path) -> Iterator[Row]:
        for name, arguments in (("flake8", ["--isolated", "-j1", "--select=ASYNC", "."]), ("pyright", ["."])):
            command = self.others / "bin" / name if self.others is not None else None
            label = "flake8 + flake8-async" if name == "flake8" else name
            if command is None or not command.exists():
                yield Row(label, "not run", "not installed")
                continue
            cost = median([run([str(command), *arguments], tree) for _ in range(2)])
            yield Row(label, f"{cost.cpu:.2f} s CPU", f"{cost.wall:.2f} s wall")

    def scale(self, tree: Path) -> Iterator[Row]:
        """The tree once, twice, four times … beside each other, each under a name of its own."""
        found: list[tuple[int, Cost, int]] = []
        copies = 1
        while True:
            many = self.work / "many"
            lines = multiplied(tree, many, copies)
            if found and lines > self.most_lines:
                shutil.rmtree(many)
                break
            command = [*POOLINT, "--no-cache", "-j1", "."]
            cost = median([run(command, many) for _ in range(1 if copies > 2 else 3)])
            found.append((lines, cost, peak([*POOLINT, "--no-cache", "-j2", "."], many)))
            shutil.rmtree(many)
            copies *= 2
        shown = ", ".join(f"{lines:,} lines {cost.cpu:.1f} s {top / 1e6:.0f} MB" for lines, cost, top in found)
        yield Row("doubled", f"exponent {exponent([(lines, cost.cpu) for lines, cost, _ in found]):.2f}", shown)

    def _kept(self) -> list[str]:
        return ["--cache-dir", tempfile.mkdtemp(dir=self.work)]


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """The slope of seconds over lines, both as logarithms: 1 where twice as much takes twice as long."""
    if len(points) < 2:
        return math.nan
    return statistics.linear_regression(*zip(*((math.log(x), math.log(y)) for x, y in points), strict=True)).slope


def of_interest(tree: Path) -> list[Path]:
    """The files of a tree that are analysed, by size."""
    resolver = Resolver(str(tree), isolated=True)
    runner = Runner(resolver)
    found = [path for path in Discovery(resolver).files([str(tree)]) if runner.weight(path)]
    return sorted(map(Path, found), key=lambda one: (one.stat().st_size, one))


_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)


def leaf_and_core(tree: Path) -> tuple[Path, Path]:
    """A file that is analysed and that nobody imports, of middling size, and the one that most others import."""
    counts: Counter[str] = Counter()
    for path in tree.rglob("*.py"):
        counts.update(set(_IMPORT.findall(path.read_text(encoding="utf-8", errors="replace"))))

    def importers(path: Path) -> int:
        parts = path.relative_to(tree).with_suffix("").parts
        return max(counts[".".join(parts[start:])] for start in range(len(parts))) if parts else 0

    files = [one for one in of_interest(tree) if one.name != "__init__.py"]
    leaves = [one for one in files if not importers(one)] or files
    return leaves[len(leaves) // 2], max(files, key=importers)


def multiplied(tree: Path, into: Path, copies: int) -> int:
    """Copies of the packages of a tree, each with its own name in its imports as well. Returns the number of lines."""
    packages = [one.name for one in tree.iterdir() if one.is_dir() and one.name.isidentifier()]
    name = re.compile(rb"\b(" + b"|".join(map(str.encode, packages)) + rb")(?=[.\s])")
    lines = 0
    for number in range(copies):
        for file in tree.rglob("*.py"):
            parts = list(file.relative_to(tree).parts)
            if parts[0] in packages:
                parts[0] += f"_{number}"
            elif number:
                continue
            data = name.sub(rb"\g<1>_%d" % number, file.read_bytes())
            lines += data.count(b"\n")
            target = into.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return lines


def peak(command: Sequence[str], tree: Path) -> int:
    """The largest sum of the memory of a process and its children, in bytes, pages that they share counted once: looked at
    each 20 ms (Linux only), and no less than what the system says of the largest of them."""
    process = subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    largest = []
    ended = threading.Event()

    def wait() -> None:
        _, _, used = os.wait4(process.pid, 0)
        largest.append(used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
        ended.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not ended.wait(0.02):
        most = max(most, sum(map(_memory, _family(process.pid))))
    waiter.join()
    return max(most, *largest)


def _family(process: int) -> Iterator[int]:
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _memory(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except (OSError, ValueError):
        return 0


def main() -> None:
    """Measure what is asked for, print it, and write the page where all of it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE")
    parser.add_argument("--others", type=Path, help="a virtual environment with flake8, flake8-async and pyright")
    parser.add_argument("--parts", default=",".join(PARTS), help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--most-lines", type=int, default=MOST_LINES, help="up to which trees are doubled")
    parser.add_argument("--page", type=Path, help=f"where the table is written; docs/speed.md is {PAGE}")
    parser.add_argument("--results", type=Path, help="rows that were measured before are read from here, and kept here")
    options = parser.parse_args()
    known = json.loads(options.results.read_text()) if options.results and options.results.exists() else {}
    for tree in options.trees:
        rows = known.setdefault(tree.name, {})
        for part in options.parts.split(","):
            if part in rows:
                continue
            with tempfile.TemporaryDirectory(prefix="speed-") as work:
                bench = Bench(options.runs, options.others, Path(work), options.most_lines)
                rows[part] = list(bench.rows(tree.resolve(), ["others_" if part == "others" else part]))
            for row in rows[part]:
                print(f"{tree.name}: {': '.join(row)}", flush=True)
            if options.results:
                options.results.write_text(json.dumps(known, indent=1))
    if options.page:
        measured = {name: [Row(*one) for part in PARTS for one in rows.get(part, ())] for name, rows in known.items()}
        options.page.write_text(page(measured, options.others, options.runs), encoding="utf-8")


if __name__ == "__main__":
    main()
