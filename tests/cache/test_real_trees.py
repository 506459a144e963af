"""A warm run equals a cold one after random edits of trees that were not written to be edited."""

from __future__ import annotations

import random
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.edits import Edits

from poolint.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKAGES = ("sqlmodel", "aiosqlite")


def _copy(place: Path) -> Path:
    """The examples, beside packages that the models describe and that are installed wherever tests run."""
    root = place / "tree"
    shutil.copytree(EXAMPLES, root, ignore=shutil.ignore_patterns(".poolint_cache", "pyproject.toml"))
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(
            Path(spec.origin).parent, root / "vendored" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return root


@pytest.mark.parametrize("seed", range(2))
def test_after_random_edits_of_real_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], seed: int
) -> None:
    root = _copy(tmp_path)
    monkeypatch.chdir(root)
    edits = Edits(root, random.Random(seed))

    def said(*arguments: str) -> tuple[int, str]:
        code = main(["check", "--output-format=json", "--jobs=1", *arguments, "."])
        return code, capfd.readouterr().out

    assert said("--cache-dir", str(tmp_path / "cache"))[1].count("POL") > 3
    done = []
    for _ in range(5):
        done += [edits.one() for _ in range(3)]
        assert said("--cache-dir", str(tmp_path / "cache")) == said("--no-cache"), done
