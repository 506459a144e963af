"""Time poolint on a tree against another command, as whole processes in turns."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys

RUNS = 5


def seconds(command: list[str], tree: str) -> float:
    """Processor time of one run, its children included."""
    before = os.times()
    subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def main(tree: str, other: str) -> None:
    """Print medians and the ratio of ``RUNS`` pairs, after one pair that does not count."""
    ours = [sys.executable, "-m", "poolint", "check", "--isolated", "--exit-zero", "--quiet", "."]
    theirs = [*shlex.split(other), "."]
    pairs = [(seconds(ours, tree), seconds(theirs, tree)) for _ in range(RUNS + 1)][1:]
    print(
        f"poolint {statistics.median(a for a, _ in pairs):.2f} s, {theirs[0]} {statistics.median(b for _, b in pairs):.2f} s"
    )
    print(f"ratio {statistics.median(a / b for a, b in pairs if b):.1f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
