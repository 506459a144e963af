"""Kills ``poolint --fix`` at moments drawn by a seed, and looks at what it leaves behind.

    python benchmarks/kills.py [--kills 220] [--seed 1]

Each time a tree of fixtures is laid out anew and ``poolint --fix`` runs over it, in a process of its own that has been
forked from one in which everything is loaded, so that the kills meet the work and not the imports. One half of the runs is
killed (SIGKILL) at a moment drawn from the length of a whole run, the other half within milliseconds of a temporary
file's appearance, which is when a file is written. Then each file must be its old or its new text, whole; and after the
next run, which nobody disturbs, all are new and there is no file that was not there before. Some trees have a foreign
file whose name is like that of a temporary file: it must stay. Exit code 1 if anything of this does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from poolint.cli.main import main as poolint

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
RULES = ("POL101", "POL102")
FILES = 8
FOREIGN = (".poolint-notes.tmp", ".poolint-0123456789abcdef-0123456789abcdef.tmp", ".m.py.poolint")


def texts(chosen: random.Random) -> dict[str, bytes]:
    """The files of the tree: fixtures that have a fixed text, in a few folders."""
    files = sorted(one for rule in RULES for one in (FIXTURES / rule).glob("*.fixed.py"))
    sources = [one.with_name(one.name.replace(".fixed.py", ".py")) for one in chosen.sample(files, FILES)]
    return {f"part{number % 3}/m{number}.py": one.read_bytes() for number, one in enumerate(sources)}


def lay_out(root: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name, data in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def found(root: Path) -> dict[str, bytes]:
    return {one.relative_to(root).as_posix(): one.read_bytes() for one in root.rglob("*") if one.is_file()}


def start(root: Path) -> int:
    """The id of a process that fixes the tree."""
    process = os.fork()
    if not process:
        try:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            os.dup2(1, 2)
            os.chdir(root)
            os._exit(poolint(["check", "--isolated", "--fix", "-q", "."]))
        finally:
            os._exit(99)
    return process


def is_running(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def ended(process: int) -> None:
    """Wait for a run that nobody disturbs."""
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code in (0, 1), f"poolint ended with {code}"


def kill(running: int, root: Path, length: float, chosen: random.Random, seen: Counter[str]) -> None:
    """Kill a run: at any moment of it, or when it is writing."""
    begun = time.monotonic()
    if chosen.random() < 0.5:
        time.sleep(chosen.uniform(0, length))
    else:
        skipped = chosen.randrange(FILES // 2)
        names: set[str] = set()
        while is_running(running) and time.monotonic() - begun < length * 20:
            names.update(str(one) for one in root.glob("*/.poolint-*.tmp") if one.name not in FOREIGN)
            if len(names) > skipped:
                time.sleep(chosen.uniform(0, 0.004))
                break
    seen["killed while running" if is_running(running) else "ended before"] += 1
    os.kill(running, signal.SIGKILL)
    os.waitpid(running, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill poolint --fix again and again, and look at what is left.")
    parser.add_argument("--kills", type=int, default=220)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = random.Random(options.seed)
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        old = texts(chosen)
        lay_out(root, old)
        with contextlib.redirect_stdout(io.StringIO()):  # loads everything
            poolint(["check", "--isolated", "-q", "--exit-zero", "--diff", str(root)])
        gc.freeze()
        begun = time.monotonic()
        ended(start(root))
        length = time.monotonic() - begun
        new = found(root)
        assert new.keys() == old.keys()
        assert sum(new[name] != old[name] for name in old) >= FILES // 2, "too little to fix"
        while seen["killed while running"] < options.kills:
            foreign = {f"part0/{name}": b"mine" for name in FOREIGN} if chosen.random() < 0.3 else {}
            lay_out(root, old | foreign)
            kill(start(root), root, length, chosen, seen)
            left = found(root)
            for name in old:
                state = "old" if left.get(name) == old[name] else "new" if left.get(name) == new[name] else "torn"
                seen[f"files {state}"] += 1
                if state == "torn":
                    wrong.append(f"{name} is neither the old nor the new text")
            extra = left.keys() - old.keys() - foreign.keys()
            seen["runs that left a temporary file"] += bool(extra)
            ended(start(root))
            after = found(root)
            if after != new | foreign:
                wrong.append(f"after the next run: {sorted(after.items() ^ (new | foreign).items())!r:.300}")
            seen["leftovers after the next run"] += len(after.keys() - new.keys() - foreign.keys())
    print(f"seed {options.seed}, {FILES} files, a whole run takes {length:.1f} s")
    for name, count in sorted(seen.items()):
        print(f"{count:6} {name}")
    print("\n".join(wrong) or "Every file was whole after each kill, and nothing was left after the run that followed.")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
