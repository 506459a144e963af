"""A run that is killed leaves whole files, and nothing that the next run does not remove."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from poolint.fixes import writing
from poolint.fixes.writing import is_temporary, remove_leftovers, write_atomically
from poolint.text.source import Source

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signal")

OLD, NEW = "x = 1\n" * 1000, "x = 2\n" * 1000

KILLED = """
import os, signal, sys
from poolint.fixes.writing import write_atomically
from poolint.text.source import Source

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def torn(handle, data, write=os.write):
    write(handle, data[: len(data) // 2])
    die()

moment = sys.argv[1]
if moment == "in the middle of writing":
    os.write = torn
elif moment == "after the replacement":
    replace = os.replace
    os.replace = lambda *names: (replace(*names), die())
else:
    setattr(os, moment, die)
before = Source.read("m.py")
write_atomically(before, before.with_text(before.text.replace("1", "2")))
"""

MOMENTS = {"in the middle of writing": OLD, "fsync": OLD, "utime": OLD, "replace": OLD, "after the replacement": NEW}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_text(OLD)
    return path


def left_beside(file: Path) -> list[str]:
    return [one.name for one in file.parent.iterdir() if one != file]


def killed(file: Path, moment: str) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, moment], cwd=file.parent, check=False, timeout=60)
    assert ran.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(file: Path, moment: str) -> None:
    killed(file, moment)
    assert file.read_text() == MOMENTS[moment]
    left = left_beside(file)
    assert len(left) == (MOMENTS[moment] == OLD)
    assert all(map(is_temporary, left))
    if left:
        before = Source.read(str(file))
        write_atomically(before, before.with_text(NEW))
    assert file.read_text() == NEW
    assert left_beside(file) == []


def test_what_a_run_is_writing_right_now_is_not_removed(file: Path) -> None:
    path, handle = writing._new_file(str(file.parent))
    remove_leftovers([path])
    assert os.path.exists(path)
    os.close(handle)
    remove_leftovers([path])
    assert left_beside(file) == []


def test_a_temporary_file_that_was_taken_for_abandoned_too_early(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may look between the making of a file and its lock."""
    lock = writing._lock
    taken = []

    def late(handle: int) -> bool:
        if not taken:
            taken.extend(left_beside(file))
            remove_leftovers([str(file.parent / name) for name in taken])
        return lock(handle)

    monkeypatch.setattr(writing, "_lock", late)
    before = Source.read(str(file))
    write_atomically(before, before.with_text(NEW))
    assert len(taken) == 1
    assert file.read_text() == NEW
    assert left_beside(file) == []


def test_a_directory_is_looked_through_once_in_a_run(file: Path) -> None:
    swept: set[str] = set()
    for number in (2, 3):
        path, handle = writing._new_file(str(file.parent))
        os.close(handle)
        before = Source.read(str(file))
        write_atomically(before, before.with_text(f"x = {number}\n"), swept=swept)
        assert os.path.exists(path) == (number == 3)
    assert swept == {str(file.parent)}


FOREIGN = (
    ".poolint-notes.tmp",
    ".poolint-.tmp",
    ".poolint-0123456789abcdef-0123456789abcdef.tmp",
    ".m.py.x1y2z3.poolint",
    "poolint.tmp",
)


def test_files_of_others_stay_whatever_they_are_called(file: Path) -> None:
    for name in FOREIGN:
        (file.parent / name).write_text("mine")
    path, handle = writing._new_file(str(file.parent))
    os.close(handle)
    os.unlink(path)
    os.mkfifo(path)  # our name on what is none of ours
    before = Source.read(str(file))
    write_atomically(before, before.with_text(NEW))
    assert sorted(left_beside(file)) == sorted((*FOREIGN, os.path.basename(path)))
