"""Findings are a function of the code: the same in whatever order files are looked at, alone or with others, and whatever
the seed of hashes is."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import Fixture, Project, fixtures

from poolint.output.json import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECURSIVE = ("calls_itself", "call_each_other", "in_the_end")
SEVERAL = [one for one in fixtures() if len(one.files) > 1]
"""The fixtures of several modules."""


def told(fixture: Fixture, root: Path, groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """The findings of each file as JSON, with paths and fixes; ``groups`` are checked one after the other, each by a
    checker of its own, in the order given."""
    found = {}
    for names in groups:
        project = Project(root, fixture.files, also=(fixture.code,))
        for name in names:
            findings = [as_object(one) for one in project.findings_in(name)]
            assert name not in found
            found[name] = json.dumps(findings, sort_keys=True)
    return found


def pairs(fixture: Fixture) -> list[tuple[str, str]]:
    """Modules of which one mentions the other by its name; two alone are a whole fixture."""
    if len(fixture.files) == 2:
        return []
    words = {name: set(re.findall(r"\w+", path.read_text("utf-8"))) for name, path in fixture.files.items()}
    return [
        (one, other)
        for one in words
        for other in words
        if one != other and Path(other).stem.replace("__init__", Path(other).parent.name) in words[one]
    ]


@pytest.mark.parametrize("fixture", SEVERAL, ids=lambda one: one.name)
def test_files_in_any_order_alone_and_in_pairs(fixture: Fixture, tmp_path: Path) -> None:
    root = fixture.lay_out(tmp_path)
    names = list(fixture.files)
    whole = told(fixture, root, [names])
    assert told(fixture, root, [names[::-1]]) == whole
    shuffled = random.Random(fixture.name).sample(names, len(names))
    assert told(fixture, root, [shuffled]) == whole
    assert told(fixture, root, ([name] for name in names)) == whole
    for one, other in pairs(fixture):
        for order in ((one, other), (other, one)):
            assert told(fixture, root, [order]) == {name: whole[name] for name in order}, order


SEEDED = [one for one in fixtures() if not one.is_good and (len(one.files) > 1 or one.path.stem.endswith(RECURSIVE))]


def test_any_seed_of_hashes(tmp_path: Path) -> None:
    """What a run says of some projects, as the command line prints it, is the same byte for byte."""
    chosen = [one for one in SEEDED if one.code[:4] in ("POL2", "POL3", "POL4")]
    for number, fixture in enumerate(chosen):
        root = tmp_path / f"p{number}"
        root.mkdir()
        fixture.lay_out(root)
        (root / "pyproject.toml").write_text(f'[tool.poolint]\nextend-select = ["{fixture.code}"]\n', "utf-8")
    command = [sys.executable, "-m", "poolint", "check", "--output-format", "json", str(tmp_path)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONHASHSEED": str(seed)})
        for seed in range(5)
    ]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [1] * 5
    assert len(json.loads(said[0])) > len(chosen)
    assert len(set(said)) == 1
