"""Builds what is released, and tries it: ``python tools/release.py [--output DIR]``, in a checkout. Nothing is uploaded.

It needs the extra ``release``. The source distribution and the wheel are built, their metadata is checked, and each of them is
installed alone into a fresh environment, in which the command has to find a leak, and nothing where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAK = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n    pool.close()\n"
PACKED = (
    "poolint/py.typed",
    "poolint/models/ready.msgpack",
    "poolint/config/poolint.schema.json",
    "poolint/output/findings.schema.json",
    ".data/data/share/man/man1/poolint.1",
)
"""How names end of what must not be missing in the wheel."""


def main() -> int:
    """Build and try; the exit code is 1 where anything fails."""
    parser = argparse.ArgumentParser(prog="python tools/release.py", description="Build what is released, and try it.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where it goes (default: dist)")
    output: Path = parser.parse_args().output.resolve()
    if output.exists() and any(output.iterdir()):
        print(f"{output} is not empty: remove what stands there", file=sys.stderr)
        return 1
    try:
        _built(output)
        made = sorted(output.iterdir())
        _run(sys.executable, "-m", "twine", "check", "--strict", *map(str, made))
        [wheel] = [one for one in made if one.suffix == ".whl"]
        _whole(wheel)
        for one in made:
            _tried(one, _version())
    except (subprocess.CalledProcessError, AssertionError) as error:
        print(f"not to be released: {error}", file=sys.stderr)
        return 1
    print(f"ready in {output}: {', '.join(one.name for one in made)}")
    return 0


def _version() -> str:
    text = (ROOT / "src" / "poolint" / "__init__.py").read_text(encoding="utf-8")
    version = text.partition('__version__ = "')[2].partition('"')[0]
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), f"no {version} in the changelog"
    return version


def _built(output: Path) -> None:
    """The wheel is built from the source distribution, as those will who have no other."""
    for check in (["poolint.models.build", "--check"], ["poolint.docs", "--check"]):
        _run(sys.executable, "-m", *check, cwd=ROOT)
    _run(sys.executable, "-m", "build", "--outdir", str(output), str(ROOT))


def _whole(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in PACKED:
        assert any(name.endswith(wanted) for name in names), f"{wheel.name} has no {wanted}"
    strange = [name for name in names if not name.startswith("poolint") or "__pycache__" in name]
    assert not strange, f"{wheel.name} has {strange[:3]}"


def _tried(package: Path, version: str) -> None:
    """Install one file alone, and use it from a directory in which nothing of the checkout is seen."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "env", with_pip=True)
        scripts = place / "env" / ("Scripts" if os.name == "nt" else "bin")
        _run(str(scripts / "python"), "-m", "pip", "install", "--quiet", str(package), cwd=place)
        poolint = str(scripts / "poolint")
        said = _run(poolint, "--version", cwd=place)
        assert said.strip() == f"poolint {version}", f"{package.name} says {said!r}"
        (place / "clean.py").write_text("x = 1\n", encoding="utf-8")
        (place / "leak.py").write_text(LEAK, encoding="utf-8")
        _run(poolint, "check", "clean.py", cwd=place)
        ran = subprocess.run(
            [poolint, "check", "--output-format", "json", "leak.py"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        codes = [one["code"] for one in json.loads(ran.stdout)]
        assert (ran.returncode, codes) == (1, ["POL101"]), f"{package.name}: {ran.returncode}, {codes}, {ran.stderr}"
        _run(poolint, "check", "--fix", "leak.py", cwd=place)
        _run(poolint, "completions", "bash", cwd=place)
        _run(poolint, "config", "schema", cwd=place)
    print(f"tried {package.name}")


def _run(*command: str, cwd: Path | None = None) -> str:
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "POOLINT_CONFIG")}
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout


if __name__ == "__main__":
    sys.exit(main())
