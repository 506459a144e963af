"""The one way to the bytes of a file: what is no regular file is not opened, and nothing is read without a bound."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from poolint import files
from poolint.files import NotRegularError, TooLargeError, read_beginning, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """A read that waits forever fails, it does not hang the tests."""

    def give_up(*_: object) -> None:
        raise TimeoutError("read what has no end")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_file_and_a_link_to_it(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"x = 1\r\n\0")
    (tmp_path / "b.py").symlink_to("a.py")
    assert read_regular(str(file)) == read_regular(str(tmp_path / "b.py")) == b"x = 1\r\n\0"
    assert read_beginning(str(file), 3) == b"x ="


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 5000])
def test_no_more_than_the_limit(tmp_path: Path, size: int) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"#" * size)
    if size <= 100:
        assert read_regular(str(file), 100) == b"#" * size
    else:
        with pytest.raises(TooLargeError, match="it has more than 100 bytes"):
            read_regular(str(file), 100)


def test_a_file_whose_size_nobody_tells_is_read_to_its_end_or_to_the_limit() -> None:
    path = "/proc/self/status"
    if not os.path.exists(path):
        pytest.skip("no such file system")
    assert os.stat(path).st_size == 0
    assert b"\nPid:" in read_regular(path)
    with pytest.raises(TooLargeError):
        read_regular(path, 100)


def test_a_file_that_is_larger_than_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.py"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    monkeypatch.delattr(files, "_read")
    with pytest.raises(TooLargeError):
        read_regular(str(file))


@pytest.mark.parametrize("by_link", [False, True])
@pytest.mark.parametrize("kind", ["a named pipe", "a socket", "a device"])
def test_what_is_no_regular_file(tmp_path: Path, kind: str, by_link: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = "x.py"
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.close()
    else:
        path = "/dev/zero"
    if by_link:
        os.symlink(path, "link.py")
        path = "link.py"
    for read in (read_regular, lambda path: read_beginning(path, 10)):
        with pytest.raises(NotRegularError, match=f"it is {kind}, not a regular file"):
            read(path)


def test_a_directory_and_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a directory"):
        read_regular(str(tmp_path))
    for name in ("a\0b.py", "\ud800.py"):
        with pytest.raises(NotRegularError, match="no file can have this name"):
            read_regular(str(tmp_path / name))
        assert isinstance(files.refusal(str(tmp_path / name)), NotRegularError)


def test_a_pipe_that_comes_in_the_place_of_a_file_after_the_first_look_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.py"
    file.write_bytes(b"")
    regular = os.stat(file)
    file.unlink()
    os.mkfifo(file)
    monkeypatch.setattr(os, "stat", lambda _: regular)
    with pytest.raises(NotRegularError, match="named pipe"):
        read_regular(str(file))
