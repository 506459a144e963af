"""Where results are written to."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from poolint.output import whole


def test_what_was_there_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(b"what the last run said, which was longer")
    whole.write(str(report), b"[]\n")
    assert report.read_bytes() == b"[]\n"
    assert list(tmp_path.iterdir()) == [report]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_stays_one(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.json", tmp_path / "report.json"
    kept.write_bytes(b"old")
    link.symlink_to(kept)
    whole.write(str(link), b"[]\n")
    assert link.is_symlink()
    assert kept.read_bytes() == b"[]\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "report"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    whole.write(str(pipe), b"[]\n" * 50_000)
    reader.join(30)
    assert read == [b"[]\n" * 50_000]
    assert pipe.is_fifo()


def test_a_folder_is_an_error_and_stays(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        whole.write(str(tmp_path), b"[]\n")
    assert tmp_path.is_dir()
    assert list(tmp_path.parent.glob(f"{tmp_path.name}*")) == [tmp_path]
