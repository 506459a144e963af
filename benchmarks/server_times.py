"""Times what the language server takes for a file that has changed, after the first look at it.

    python benchmarks/server_times.py TREE [--files 100] [--changes 4] [--all] [--only NAME]

Each of the largest files that concern a database (or, with ``--all``, whatever they concern) is opened, and a statement is added
to one of its functions, ``--changes`` times in different places. A file counts with the least processor time that a look took.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
from pathlib import Path

from poolint.process import make_own
from poolint.server.resident import Resident

_STATEMENT = re.compile(r"^([ \t]+)(?:return|await|if|for|raise|self\.\w+ =)\b.*$", re.MULTILINE)


def changed(text: str, count: int, rng: random.Random) -> str:
    """A text with one more statement in a function, or at its end where it has none."""
    places = list(_STATEMENT.finditer(text))
    if not places:
        return f"{text}\nlast = {count}\n"
    place = rng.choice(places)
    return f"{text[: place.start()]}{place[1]}added = {count}\n{text[place.start() :]}"


def timed(resident: Resident, path: Path, changes: int, rng: random.Random) -> list[float]:
    """Seconds of processor time of the looks at a file, each after a change."""
    text = path.read_text("utf-8", "replace")
    resident.take(str(path), text)
    resident.findings(str(path))
    taken: list[float] = []
    for count in range(changes * 4):
        if len(taken) == changes:
            break
        resident.rest()
        resident.take(str(path), changed(text, count, rng))
        before = time.process_time()
        findings = resident.findings(str(path))
        if findings is not None:  # else the statement stands where none may
            taken.append(time.process_time() - before)
    resident.take(str(path), text)
    resident.findings(str(path))
    resident.close(str(path))
    return taken


def concerned(tree: Path, everything: bool) -> list[Path]:
    """The files of a tree, the largest first."""
    files = sorted(tree.rglob("*.py"), key=lambda one: (-one.stat().st_size, str(one)))
    if everything:
        return files
    resident = Resident(str(tree))
    found = []
    for path in files:
        with resident.links:
            checker = resident._checker(str(path))[1]
            if checker.is_interesting(str(path), path.read_bytes()):
                found.append(path)
    return found


def main() -> int:
    """Time them, and print what comes of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--changes", type=int, default=4)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    make_own()  # as the server's process does
    tree = given.tree.resolve()
    files = [one for one in concerned(tree, given.all)[: given.files] if given.only in str(one)]
    resident = Resident(str(tree))
    least: dict[str, float] = {}
    for path in files:
        taken = timed(resident, path, given.changes, random.Random(1))
        if taken:
            name = path.relative_to(tree).as_posix()
            least[name] = min(taken)
            print(f"{min(taken):.3f} {max(taken):.3f} {name}", flush=True)
    figures = sorted(least.values())
    within = figures[max(0, -(-len(figures) * 95 // 100) - 1)]
    above = sum(one > 0.2 for one in figures)
    print(
        f"{len(figures)} files: median {statistics.median(figures):.3f}, 95 % within {within:.3f}, "
        f"above 0.2 s {above}, at most {figures[-1]:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
