"""Edits files of a copy of a tree again and again, and holds that the language server, which keeps what it has learned, tells
what one tells that has just been started.

    python benchmarks/server_edits.py TREE [--edits 60] [--seed 1] [--looks 3]

A dozen files that concern a database are open. Edited are these and what they rest on, each as it is typed or behind the
editor's back; then some of the open ones are looked at. Prints seconds of processor time of both, and the edits. Exit code 1,
with the tree left for a look, where they differ.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from edits import Edits
from poolint.server.resident import Resident

OPEN = 12


def told(resident: Resident, path: str) -> tuple[list[str] | None, float]:
    """What is found in a file, and seconds of processor time."""
    before = time.process_time()
    findings = resident.findings(path)
    used = time.process_time() - before
    return (None if findings is None else [repr(one) for one in findings.found]), used


def concerned(root: Path, rng: random.Random) -> list[str]:
    """Some files in which something is found, and some in which something could be."""
    resident = Resident(str(root))
    files = [str(one) for one in sorted(root.rglob("*.py"))]
    rng.shuffle(files)
    found, rest = [], []
    for path in files:
        if len(found) >= OPEN:
            break
        (found if told(resident, path)[0] else rest).append(path)
    return [*found[: OPEN * 2 // 3], *rest[: OPEN // 3]]


def main() -> int:
    """Edit and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--looks", type=int, default=3)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    place = Path(tempfile.mkdtemp(prefix="poolint-edits-")).resolve()
    root = place / "tree"
    shutil.copytree(given.tree, root, ignore=shutil.ignore_patterns(".poolint_cache", ".git"))
    files = concerned(root, rng)
    resident = Resident(str(root))

    def known() -> list[Path]:
        asked = (Path(one) for answer in resident.links.edges.values() for one in answer if one.endswith(".py"))
        near = sorted({one for one in asked if one.is_relative_to(root)})
        return near if near and rng.random() < 0.6 else [Path(one) for one in files]

    edits = Edits(root, rng, texts_only=True, sources=known)
    for path in files:
        resident.take(path, Path(path).read_text("utf-8", "replace"))
        told(resident, path)
    texts = {path: path.read_bytes() for path in root.rglob("*.py")}
    for count in range(1, given.edits + 1):
        done = edits.one()
        for path, before in texts.items():
            now = path.read_bytes()
            if now == before:
                continue
            texts[path] = now
            if rng.random() < 0.5 or str(path) in resident.open:
                resident.take(str(path), now.decode("utf-8", "replace"))
                looked = told(resident, str(path))[1]
                done += f" ({looked:.2f} s)"
            else:
                resident.changed([str(path)])
        fresh = Resident(str(root))
        for path in resident.open:
            fresh.take(path, Path(path).read_text("utf-8", "replace"))
        line = ""
        for path in rng.sample(files, given.looks):
            (warm, used), (cold, cold_used) = told(resident, path), told(fresh, path)
            line += f" {used:.2f}/{cold_used:.2f}"
            if warm != cold:
                print(f"{count:4} {done}: they differ over {path}; the tree is left", flush=True)
                print("resident:", *(warm or [warm]), "fresh:", *(cold or [cold]), sep="\n")
                return 1
        print(f"{count:4}{line}: {done}", flush=True)
    shutil.rmtree(place)
    print(f"{given.edits} edits: equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
