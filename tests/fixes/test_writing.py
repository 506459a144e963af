"""Writing: all or nothing, and only over what was read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from poolint.fixes.writing import write_atomically
from poolint.source import Source, SourceError

DATA = b"\xef\xbb\xbfx = 1\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_bytes(DATA)
    return path


def fixed(path: Path) -> tuple[Source, Source]:
    before = Source.read(str(path))
    return before, before.with_text(before.text.replace("1", "2"))


def only(path: Path) -> None:
    """Nothing was left beside the file."""
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664, 0o4755])
def test_content_and_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    write_atomically(*fixed(file))
    assert file.read_bytes() == b"\xef\xbb\xbfx = 2\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    only(file)


def test_it_is_another_file_in_the_same_place(file: Path) -> None:
    """Who has the old one open reads on in the old one."""
    with file.open("rb") as opened:
        write_atomically(*fixed(file))
        assert opened.read() == DATA


def test_nothing_is_written_when_nothing_changed(file: Path) -> None:
    state = file.stat()
    before = Source.read(str(file))
    write_atomically(before, before)
    assert file.stat() == state


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    real, link, second = tmp_path / "real/m.py", tmp_path / "links/m.py", tmp_path / "links/n.py"
    real.write_bytes(DATA)
    link.symlink_to("../real/m.py")
    second.symlink_to("m.py")
    write_atomically(*fixed(second))
    assert (link.is_symlink(), second.is_symlink(), real.is_symlink()) == (True, True, False)
    assert real.read_bytes() == b"\xef\xbb\xbfx = 2\r\n"
    assert sorted(path.name for path in link.parent.iterdir()) == ["m.py", "n.py"]
    only(real)


def test_a_relative_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    write_atomically(*fixed(Path("m.py")))
    assert file.read_bytes() != DATA


@pytest.mark.parametrize("content", [b"", DATA + b"y = 1\r\n", DATA.replace(b"\r", b"")])
def test_what_changed_meanwhile_is_left_alone(file: Path, content: bytes) -> None:
    before, after = fixed(file)
    file.write_bytes(content)
    with pytest.raises(SourceError, match="has changed since it was read"):
        write_atomically(before, after)
    assert file.read_bytes() == content
    only(file)


def test_what_vanished_meanwhile_stays_away(file: Path) -> None:
    before, after = fixed(file)
    file.unlink()
    with pytest.raises(SourceError, match="cannot be written: No such file"):
        write_atomically(before, after)
    assert list(file.parent.iterdir()) == []


def test_what_is_read_only_is_left_alone(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(SourceError, match="cannot be written: it is read-only"):
        write_atomically(*fixed(file))
    assert file.read_bytes() == DATA
    only(file)


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failure_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before, after = fixed(file)
    monkeypatch.setattr(*((os, "fsync", fail) if step == "fsync" else (Path, step, fail)))
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        write_atomically(before, after)
    monkeypatch.undo()
    assert file.read_bytes() == DATA
    only(file)
