"""Random programs by the thousand, run over real pools beside what poolint says of them; always the same for a seed.

Each takes connections or sessions, and mostly gives them back. It is run on all its ways (branches, loops, exceptions,
cancellations), and what its pool has out at the end is the truth. Printed are the leaks that poolint finds, the findings
that nothing bears out, and the fixes after which a program leaks unseen, or a way of it ends otherwise; then the texts of
those programs. The exit code is 1 when there is any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.oracle.random_programs.comparing import AT_ONCE, Figures, compare  # noqa: E402


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    given = parser.parse_args()
    whole = Figures()
    with tempfile.TemporaryDirectory() as folder:
        for first in range(1, given.programs + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, given.programs + 1))
            whole.add(compare(given.seed, numbers, folder))
            print(f"\r{whole.programs}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    print(f"seed {given.seed}:", *whole.lines(), sep="\n")
    for why, text in whole.wrong:
        print(f"\n##### {why}\n{text}")
    return 1 if whole.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
