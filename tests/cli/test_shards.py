"""Parts of a run, checked apart and merged, are the whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.config import Resolver
from poolint.outcome import Shard

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

LEAKS = "pool\nleak()\nmaybe()\ndrip()\n"


@pytest.fixture
def tree(project: Path) -> Path:
    (project / "pyproject.toml").write_text("[tool.poolint]\n")
    for folder in ("a", "b", "c d"):
        (project / folder).mkdir()
        for number in range(5):
            (project / folder / f"m{number}.py").write_text(LEAKS if number % 2 else "x = 1\n")
    (project / "b" / "broken.py").write_text("pool = (\n")
    (project / "b" / "ä '\".py").write_text(LEAKS, encoding="utf-8")
    return project


@pytest.mark.parametrize("count", [1, 2, 3, 40])
@pytest.mark.parametrize("output", ["full", "concise", "json"])
def test_merged_parts_are_the_whole(tree: Path, run: Run, count: int, output: str) -> None:
    arguments = (".", "missing.py", "a", "--certainty=possible")
    whole = run("check", *arguments, "--output-format", output)
    assert whole.code == 1
    assert whole.out.count("missing.py") >= 1
    parts = []
    for index in range(1, count + 1):
        part = run("check", *arguments, "--output-format=json", f"--shard={index}/{count}")
        assert part.err == ""
        (tree / f"{index}.json").write_text(part.out)
        parts.append(f"{index}.json")
    merged = run("merge", *reversed(parts), "--output-format", output)
    assert (merged.code, merged.out, merged.err) == (whole.code, whole.out, "")


def test_each_file_is_in_one_part_wherever_it_is_checked_out(tmp_path: Path) -> None:
    names = [f"p{number % 7}/m{number}.py" for number in range(300)]
    seen = []
    for place in ("here", "there/deep"):
        root = tmp_path / place
        root.mkdir(parents=True)
        (root / "pyproject.toml").write_text("[tool.poolint]\n")
        files = [str(root / name) for name in names]
        parts = [Shard(index, 4).of(files, Resolver(str(tmp_path))) for index in (1, 2, 3, 4)]
        assert sorted(path for part in parts for path in part) == sorted(files)
        assert all(40 < len(part) < 110 for part in parts)
        seen.append([[path[len(str(root)) :] for path in part] for part in parts])
    assert seen[0] == seen[1]


@pytest.mark.usefixtures("tree")
def test_a_part_without_files_has_passed(run: Run) -> None:
    ran = [run("check", "a/m0.py", f"--shard={index}/2") for index in (1, 2)]
    assert [(one.code, one.out, one.err) for one in ran] == [(0, "All checks passed!\n", "")] * 2


def test_exit_codes_of_merged_parts(tree: Path, run: Run) -> None:
    def merged(*arguments: str) -> tuple[int, str]:
        ran = run("merge", *arguments)
        assert ran.err == ""
        return ran.code, ran.out.splitlines()[-1] if ran.out else ""

    (tree / "clean.json").write_text(run("check", "a/m0.py", "--output-format=json").out)
    (tree / "bad.json").write_text(run("check", "a/m1.py", "--output-format=json").out)
    (tree / "a" / "m0.py").write_text("pool\ncrash()\n")
    (tree / "crashed.json").write_text(run("check", "a/m0.py", "--output-format=json").out)
    assert merged("clean.json", "clean.json") == (0, "All checks passed!")
    assert merged("clean.json", "clean.json", "-q") == (0, "")
    assert merged("clean.json", "bad.json", "--exit-zero")[0] == 0
    assert merged("bad.json", "bad.json", "--output-format=concise")[0] == 1
    assert merged("clean.json", "crashed.json")[0] == 2
    assert merged("clean.json", "crashed.json", "--exit-zero")[0] == 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "cannot be read"),
        (b"", "Input data was truncated"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 100_000, ""),
        (b"{}", "Expected `array`"),
        (b'[{"code": 1}]', "Expected `str`, got `int` - at `$[0].code`"),
        (b'[{"code": "POL101"}]', "missing required field"),
    ],
)
def test_what_is_no_output_of_a_part(tree: Path, run: Run, data: bytes | None, why: str) -> None:
    (tree / "good.json").write_text("[]")
    if data is not None:
        (tree / "part.json").write_bytes(data)
    ran = run("merge", "good.json", "part.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poolint: error: part.json: ")
    assert why in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("shard", ["", "1", "0/2", "3/2", "-1/2", "1/2/3", "1/0", "a/b", "²/3", "1/99999999"])
def test_shards_that_there_are_not(run: Run, shard: str) -> None:
    ran = run("check", f"--shard={shard}", ".")
    assert ran.code == 2
    assert "2/5 is the second of five" in ran.err


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "", "1.5", "³"])
def test_numbers_of_processes_that_there_are_not(run: Run, jobs: str) -> None:
    ran = run("check", f"--jobs={jobs}", ".")
    assert ran.code == 2
    assert "give 1 or more, or auto" in ran.err


def test_standard_input_has_no_parts(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "poolint", "--shard=1/2", "-"],
        cwd=tmp_path,
        input=b"x = 1\n",
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr == b"poolint: error: --shard: standard input is one file, of which there are no parts\n"


def test_what_only_the_whole_tells_is_told_once(tree: Path, run: Run) -> None:
    """Findings that are equal count as often as one part has them, not once for each part."""
    found = json.loads(run("check", "a/m1.py", "--output-format=json").out)
    (tree / "one.json").write_text(json.dumps(found + found))
    (tree / "two.json").write_text(json.dumps(found))
    merged = json.loads(run("merge", "one.json", "two.json", "--output-format=json").out)
    assert len(merged) == 2 * len(found)
