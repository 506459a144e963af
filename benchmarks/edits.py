"""Edits a copy of a tree again and again, and holds that a warm run of poolint says what a cold one says, byte for byte.

    python benchmarks/edits.py TREE [--edits 60] [--seed 1] [--at-once 3] [--jobs 1]

The tree is copied; after each few edits (in bodies, in helpers some imports away, whole files added, removed, renamed and
swapped, settings, models, lock files, deployment files) poolint runs with the cache of the runs before and without one.
Prints seconds of processor time of both, and the edits. Exit code 1, with the tree left for a look, where they differ.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from edits import Edits


def run(root: Path, *arguments: str) -> tuple[tuple[int, bytes], float]:
    """The exit code and what is printed, and seconds of processor time."""
    before = os.times()
    command = [sys.executable, "-m", "poolint", "check", "--output-format=json", *arguments, "."]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return (done.returncode, done.stdout), used


def main() -> int:
    """Edit and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--jobs", default="1")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    place = Path(tempfile.mkdtemp(prefix="poolint-edits-"))
    root = place / "tree"
    shutil.copytree(given.tree, root, ignore=shutil.ignore_patterns(".poolint_cache", ".git"))
    edits = Edits(root, rng)
    cache = ("--jobs", given.jobs, "--cache-dir", str(place / "cache"))
    run(root, *cache)
    count = 0
    while count < given.edits:
        done = [edits.one() for _ in range(rng.randrange(1, given.at_once + 1))]
        count += len(done)
        warm, warm_used = run(root, *cache)
        cold, cold_used = run(root, "--jobs", given.jobs, "--no-cache")
        print(f"{count:4} warm {warm_used:5.2f} s, cold {cold_used:5.2f} s: {'; '.join(done)}", flush=True)
        if warm != cold:
            print(f"they differ; the tree is left in {root}")
            (place / "warm.json").write_bytes(warm[1])
            (place / "cold.json").write_bytes(cold[1])
            return 1
    shutil.rmtree(place)
    print(f"{count} edits: equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
