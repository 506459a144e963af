"""Hold the rows of clients of services to the real libraries: ``python benchmarks/live_models.py [--freeze]``.

It installs poolint with its extras ``test`` and ``services`` into an environment that is gone afterwards, and runs the live
test there. With ``--freeze`` it also writes what it has seen to ``tests/models/frozen.json``, to which the ordinary tests
hold the rows where these libraries are not installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    """The exit code of the live test."""
    with tempfile.TemporaryDirectory(prefix="poolint-live-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python"))
        subprocess.run([python, "-m", "pip", "install", "-q", f"{ROOT}[test,services]"], check=True)
        if "--freeze" in arguments:
            subprocess.run([python, "-m", "tests.models.freeze"], cwd=ROOT, check=True)
        return subprocess.run(
            [python, "-m", "pytest", "-q", "tests/models/test_live.py"], cwd=ROOT, check=False
        ).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
