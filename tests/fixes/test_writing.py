"""Writing: all or nothing, and only over what was read."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pytest

from poolint.fixes.writing import write_atomically
from poolint.text.source import Source, SourceError

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
    write_atomically(*fixed(second), [str(tmp_path)])
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
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        write_atomically(before, after)
    monkeypatch.undo()
    assert file.read_bytes() == DATA
    only(file)


def test_a_link_out_of_what_is_checked_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    real, link = tmp_path / "m.py", tmp_path / "tree/m.py"
    real.write_bytes(DATA)
    link.symlink_to("../m.py")
    for within in ((), [str(tmp_path / "tree")], [str(link)], [str(tmp_path / "tre")]):
        with pytest.raises(SourceError, match=r"it is a link to .*, which is not among what is checked"):
            write_atomically(*fixed(link), within)
    assert real.read_bytes() == DATA
    assert link.is_symlink()
    only(link)


def test_a_file_with_two_names_is_left_alone(file: Path) -> None:
    other = file.with_name("n.py")
    other.hardlink_to(file)
    with pytest.raises(SourceError, match=r"the file has 2 names \(hard links\)"):
        write_atomically(*fixed(file))
    assert file.samefile(other)
    assert file.read_bytes() == DATA
    assert sorted(path.name for path in file.parent.iterdir()) == ["m.py", "n.py"]


def test_extended_attributes_are_kept(file: Path) -> None:
    if not hasattr(os, "setxattr"):
        pytest.skip("no extended attributes here")
    try:
        os.setxattr(file, "user.note", b"mine")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    write_atomically(*fixed(file))
    assert file.read_bytes() != DATA
    assert os.getxattr(file, "user.note") == b"mine"


def acl(*entries: tuple[int, int, int]) -> bytes:
    """A POSIX access list as Linux stores it: tag, permissions and id of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
LIST = acl((1, 6, NOBODY), (2, 6, 12345), (4, 4, NOBODY), (16, 6, NOBODY), (32, 0, NOBODY))
"""rw for the owner and the user 12345, r for the group, nothing for others."""


def test_access_lists_are_kept_and_none_is_added(file: Path) -> None:
    if not hasattr(os, "setxattr"):
        pytest.skip("no extended attributes here")
    other = file.with_name("n.py")
    other.write_bytes(DATA)
    try:
        os.setxattr(file, "system.posix_acl_access", LIST)
        os.setxattr(file.parent, "system.posix_acl_default", LIST)  # new files get this one
    except OSError:
        pytest.skip("the file system has no access lists")
    before = os.getxattr(file, "system.posix_acl_access")
    write_atomically(*fixed(file))
    write_atomically(*fixed(other))
    assert os.getxattr(file, "system.posix_acl_access") == before
    assert "system.posix_acl_access" not in os.listxattr(other)
    assert stat.S_IMODE(other.stat().st_mode) == 0o644


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only the superuser gives files away")
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, 12345, 23456)
    write_atomically(*fixed(file))
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_the_group_is_kept_where_the_owner_cannot_be(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "chown") or os.getuid() != 0:
        pytest.skip("only the superuser gives files away")
    real = os.chown

    def refuse(path: str, owner: int, group: int) -> None:
        if owner != -1:
            raise PermissionError(1, "Operation not permitted", path)
        real(path, owner, group)

    os.chown(file, 12345, 23456)
    monkeypatch.setattr(os, "chown", refuse)
    write_atomically(*fixed(file))
    assert (file.stat().st_uid, file.stat().st_gid) == (0, 23456)


def test_a_folder_that_takes_no_new_files(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceError, match="nothing can be put into its directory: Permission denied"):
        write_atomically(*fixed(file))
    monkeypatch.undo()
    assert file.read_bytes() == DATA
    only(file)
