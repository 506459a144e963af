"""Runs tests with every Python that poolint is for: ``python tools/matrix.py [PYTEST ARGUMENT…]``, in a checkout.

Of 3.10 to 3.14, those that stand on the machine get an environment each in ``.matrix``, and those that do not are named. Without
arguments the tests of the command line, of settings and of what is packed are run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".matrix"
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
NEEDED = ("pytest", "pytest-xdist", "hypothesis", "jsonschema", "argparse-manpage")
"""What the tests below need. Those that compare models with live libraries want the extra `test`."""

TESTS = ("tests/config", "tests/cli/test_settings.py", "tests/cli/test_check.py", "tests/test_platforms.py")


def interpreter(version: str) -> str | None:
    """The path of a Python that runs and is of this version."""
    names = [f"python{version}"]
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    found = [shutil.which(name) for name in names]
    found += [str(one / "bin" / "python") for root in roots for one in sorted(root.glob(f"{version}.*"))]
    found += [sys.executable]
    return next((one for one in found if one and _version(one) == version), None)


def _version(python: str) -> str:
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        ran = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def tried(version: str, python: str, arguments: list[str]) -> bool:
    """Whether the tests pass with one Python."""
    place = PLACE / version
    own = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", str(place)], check=True)
    subprocess.run([str(own), "-m", "pip", "install", "--quiet", "-e", str(ROOT), *NEEDED], check=True)
    ran = subprocess.run([str(own), "-m", "pytest", "-q", "-n1", *(arguments or TESTS)], cwd=ROOT, check=False)
    return ran.returncode == 0


def main(arguments: list[str]) -> int:
    """Run all; the exit code is 1 where one fails, or where none stands there."""
    said = {}
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            said[version] = "missing on this machine"
            continue
        try:
            said[version] = "passed" if tried(version, python, arguments) else "failed"
        except subprocess.CalledProcessError as error:
            said[version] = f"failed: {error}"
    for version, how in said.items():
        print(f"Python {version}: {how}")
    return 0 if "passed" in said.values() and not any(how.startswith("failed") for how in said.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
