"""Which file ``--fix`` writes: links, files with several names, and what a run that was killed has left."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.fixes import writing

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")

LEAKING = "async def f(pool):\n    leak()\n"
FIXED = LEAKING.replace("leak", "await leak")


@pytest.fixture
def tree(project: Path) -> Path:
    """A folder to check, beside one that is nobody's business."""
    (project / "tree").mkdir()
    (project / "elsewhere").mkdir()
    return project / "tree"


@pytest.mark.parametrize("path", ["tree", "tree/a.py"])
def test_a_link_that_leads_out_is_not_written_through(project: Path, tree: Path, run: Run, path: str) -> None:
    real = project / "elsewhere" / "real.py"
    real.write_text(LEAKING)
    (tree / "a.py").symlink_to("../elsewhere/real.py")
    for arguments in (("--fix",), ("--diff",)):
        ran = run("--output-format=concise", *arguments, path)
        assert ran.code == 1
        assert (
            f"tree/a.py:1:1: POL901 cannot be fixed: it is a link to {os.path.realpath(real)}, which is not among what is "
            "checked"
        ) in (ran.out + ran.err).splitlines()
    assert real.read_text() == LEAKING
    assert (tree / "a.py").is_symlink()


@pytest.mark.parametrize("names", [("a.py", "z.py"), ("z.py", "a.py")], ids=["link first", "file first"])
def test_a_link_within_is_kept_and_its_target_fixed_once(tree: Path, run: Run, names: tuple[str, str]) -> None:
    link, real = tree / names[0], tree / names[1]
    real.write_text(LEAKING)
    link.symlink_to(real.name)
    ran = run("--fix", "tree")
    assert (ran.code, ran.out) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
    assert link.is_symlink()
    assert real.read_text() == FIXED


def test_a_link_to_what_is_checked_as_well(project: Path, tree: Path, run: Run) -> None:
    real = project / "elsewhere" / "real.py"
    real.write_text(LEAKING)
    (tree / "a.py").symlink_to("../elsewhere/real.py")
    assert run("--fix", "tree", "elsewhere/real.py").code == 0
    assert real.read_text() == FIXED
    assert (tree / "a.py").is_symlink()


def test_a_file_with_two_names_is_refused_by_name_and_the_rest_is_fixed(tree: Path, run: Run) -> None:
    for name in ("a.py", "z.py"):
        (tree / name).write_text(LEAKING)
    (tree / "b.py").hardlink_to(tree / "a.py")
    ran = run("--output-format=concise", "--fix", "tree")
    assert ran.code == 1
    line = "1:1: POL901 cannot be fixed: the file has 2 names (hard links), and only one would get the fix"
    assert f"tree/a.py:{line}" in ran.out
    assert f"tree/b.py:{line}" in ran.out
    assert (tree / "a.py").samefile(tree / "b.py")
    assert [(tree / name).read_text() for name in ("a.py", "z.py")] == [LEAKING, FIXED]


@pytest.mark.parametrize("arguments", [("tree",), ("--fix", "tree"), ("--fix", "tree/sub/a.py")])
def test_what_a_killed_run_has_left_is_removed_by_the_next(tree: Path, run: Run, arguments: tuple[str, ...]) -> None:
    folder = tree / "sub"
    folder.mkdir()
    (folder / "a.py").write_text(LEAKING)
    path, handle = writing._new_file(str(folder))
    os.close(handle)
    mine = folder / ".poolint-mine.tmp"
    mine.write_text("")
    run("--diff", "tree")  # writes nothing, whatever it is
    assert os.path.exists(path)
    run(*arguments)
    assert not os.path.exists(path)
    assert mine.exists()
