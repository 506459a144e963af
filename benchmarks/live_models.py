"""Hold the rows of clients of services to the real libraries: ``python benchmarks/live_models.py [--freeze]``.

It installs the packages of the extras whose names begin with ``services`` into environments that are gone afterwards, with uv,
and runs the live test there; what cannot be imported is skipped and told with its reason. The packages are those of poolint's
metadata, but not poolint itself, which is read from its sources. With ``--freeze`` it also writes what it has seen to
``tests/models/frozen.json``, to which the ordinary tests hold the rows where these libraries are not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
EXTRAS = (
    "services",
    "services-apart",
    "services-more",
    "services-more-apart",
    "services-agents",
    "services-crewai",
    "services-langchain",
    "services-databases",
    "services-aioredlock",
    "services-older",
)
OWN = ("msgspec", "libcst", "pytest", "pytest-xdist", "sqlalchemy")
"""What poolint and its test need."""


def main(arguments: list[str]) -> int:
    """The exit code of the live tests: that of the first which fails."""
    extras = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())["project"]["optional-dependencies"]
    codes = [held(extra, extras[extra], "--freeze" in arguments) for extra in EXTRAS]
    return next(filter(None, codes), 0)


def held(extra: str, packages: list[str], freezes: bool) -> int:
    """The exit code of the live test where the packages of one extra are installed."""
    with tempfile.TemporaryDirectory(prefix="poolint-live-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python"))
        # uv, since pip takes an hour to find versions of so many packages that fit together.
        subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
        install = [python, "-m", "uv", "pip", "install", "-q", "--python", python]
        subprocess.run([*install, *OWN, *packages], check=True)
        for others in Path(folder).glob("**/site-packages/tests"):
            shutil.rmtree(others)  # a package has brought its own, which would be found before these
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "POOLINT_LIVE": "services"}
        print(f"== {extra}: {len(packages)} packages", flush=True)
        if freezes:
            subprocess.run([python, "-m", "tests.models.freeze"], cwd=ROOT, env=environment, check=True)
        test = [python, "-m", "pytest", "-q", "-n0", "-rs", "-W", "ignore", "tests/models/test_live.py"]
        return subprocess.run(test, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
