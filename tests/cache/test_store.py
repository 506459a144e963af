"""Caches that are broken, foreign, hostile, shared or half written do no harm, and none is left where it should not be."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import msgspec
import pytest

from poolint import recording
from poolint.cache import NAME, store
from poolint.cache.folder import Folder
from poolint.cli.main import main

LEAK = "async def f(pool):\n    conn = await pool.acquire()\n    await conn.fetch('SELECT 1')\n    await pool.release(conn)\n"
SOURCE = f"import asyncpg\n\n\n{LEAK.replace('(pool)', '(pool: asyncpg.Pool)')}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[tool.poolint]\n")
    (root / "leaks.py").write_text(SOURCE)
    monkeypatch.chdir(root)
    monkeypatch.delenv("POOLINT_CACHE_DIR", raising=False)
    return root


def check(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["check", *arguments, "."])
    return code, *capfd.readouterr()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.msgpack"))


def test_the_directory_keeps_itself_out_of_git_and_backups(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check(capfd)
    folder = project / NAME
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert len(kept(folder)) == 1


def test_no_cache(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check(capfd, "--no-cache")
    main(["check", "--fix", "."])
    main(["check", "--diff", "."])
    assert not (project / NAME).exists()


@pytest.mark.parametrize("by", ["option", "environment"])
def test_another_directory(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "environment":
        monkeypatch.setenv("POOLINT_CACHE_DIR", str(tmp_path / "deep" / "down"))
    given = ["--cache-dir", str(tmp_path / "deep" / "down")] if by == "option" else []
    first = check(capfd, *given)
    assert not (project / NAME).exists()
    assert len(kept(tmp_path / "deep" / "down")) == 1
    assert check(capfd, *given) == first


def test_clean_removes_what_is_ours(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check(capfd)
    (project / NAME / "mine.txt").write_text("kept")
    assert main(["clean"]) == 0
    assert capfd.readouterr().out == f"Removed {NAME}\n"
    assert [one.name for one in (project / NAME).iterdir()] == ["mine.txt"]
    assert main(["clean"]) == 0
    assert capfd.readouterr().out == ""
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.msgpack").write_text("kept")
    assert main(["clean", "--cache-dir", str(other)]) == 2
    assert (other / "a.msgpack").exists()


def test_a_directory_of_somebody_else_is_not_written_into(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    first = check(capfd, "--cache-dir", str(tmp_path / "other"))
    assert [one.name for one in (tmp_path / "other").iterdir()] == ["letter.txt"]
    (project / NAME).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    assert check(capfd) == first
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_nothing_can_be_written_nothing_is_said(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / NAME).write_text("a file")
    assert check(capfd)[0] == 1
    assert check(capfd, "--cache-dir", "/dev/null/below")[0] == 1
    assert check(capfd, "--cache-dir", "/proc/poolint")[0] == 1
    assert (project / NAME).read_text() == "a file"


def _packed(body: bytes) -> bytes:
    return store._MAGIC + zlib.crc32(body).to_bytes(4, "big") + body


def test_what_is_broken_is_done_again(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = check(capfd)
    [path] = kept(project / NAME)
    data = path.read_bytes()
    good = store.decoded(data)
    assert good is not None
    rng = random.Random(0)
    broken = [b"", data[:20], data[:-1], data + b"x", b"\0" * 100, _packed(b""), _packed(b"\xdd\xff\xff\xff\xff")]
    broken += [_packed(b"\x91" * 100_000), _packed(msgspec.msgpack.encode([{}, {}, {}, [], {0: [7]}, {}]))]
    broken += [_packed(msgspec.msgpack.encode([{"glob\0/\0**": b""}, {}, {}, [], {}, {}]))]
    broken += [_packed(msgspec.msgpack.encode([{"nothing": b""}, {}, {}, [], {}, {}]))]
    for _ in range(40):
        at = rng.randrange(len(data))
        broken.append(data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :])
    good.entries = {name: msgspec.Raw(msgspec.msgpack.encode([b"\x93\x01", True, None])) for name in good.entries}
    broken.append(store.encoded(good))
    for each in broken:
        path.write_bytes(each)
        assert check(capfd) == first


def test_sources_that_are_broken_are_not_used(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "helper.py").write_text("import asyncpg\n\n\ndef quiet(pool: asyncpg.Pool):\n    return 1\n")
    check(capfd)
    [path] = (project / NAME).glob("*.texts")
    data = path.read_bytes()
    known = msgspec.msgpack.decode(data[20:], type=dict[str, tuple[bytes, bytes]])
    bomb = zlib.compress(bytes(50_000_000))
    broken = [b"", data[:-1], b"\0" * 100, _packed(b""), _packed(b"\xdd\xff\xff\xff\xff"), _packed(b"\x91" * 100_000)]
    broken += [_packed(msgspec.msgpack.encode({one: (known[one][0], text) for one in known})) for text in (b"x", bomb)]
    for number, each in enumerate(broken):
        path.write_bytes(each)
        (project / "helper.py").write_text(f"import asyncpg\n\n\ndef quiet(pool: asyncpg.Pool):\n    return {number}\n")
        assert check(capfd) == check(capfd, "--no-cache")


def test_a_pipe_or_a_link_in_place_of_a_file_is_left_alone(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = check(capfd)
    [path] = kept(project / NAME)
    path.unlink()
    os.mkfifo(path)
    assert check(capfd) == first
    path.unlink()
    (tmp_path / "target").write_text("mine")
    path.symlink_to(tmp_path / "target")
    assert check(capfd) == first
    assert (tmp_path / "target").read_text() == "mine"


def test_bounds_are_looked_at_before_anything_is_read(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(capfd)
    [path] = kept(project / NAME)
    with path.open("r+b") as file:
        file.truncate(10_000_000_000)
    read: list[int] = []
    monkeypatch.setattr(os, "read", lambda handle, count, own=os.read: read.append(count) or own(handle, count))
    assert check(capfd)[0] == 1
    assert max(read) < 100_000_000


def test_old_sets_of_settings_go(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / NAME).mkdir()
    Folder(str(project / NAME)).make()
    for number in range(60):
        (project / NAME / f"{number}.msgpack").write_text("old")
        os.utime(project / NAME / f"{number}.msgpack", (number, number))
    check(capfd, "--select=POL202")
    assert len(list((project / NAME).iterdir())) <= 34  # a tag and what git is told beside them
    assert not (project / NAME / "0.msgpack").exists()


def test_what_a_killed_run_left_goes(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check(capfd)
    left = project / NAME / "x.msgpack.1.tmp"
    left.write_text("half")
    os.utime(left, (0, 0))
    (project / "leaks.py").write_text(SOURCE + "\n")
    check(capfd)
    assert not left.exists()


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1")
    recorder = recording.Recorder()
    recorder.read(str(path), b"x = 1", path.stat())
    recorder.read(str(path), b"x = 2", path.stat())
    assert recorder.is_torn


def test_a_fresh_file_is_known_by_its_content_alone(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The clock of a file system may stand still between two writes of the same length."""
    first = check(capfd)
    state = (project / "leaks.py").stat()
    (project / "leaks.py").write_text(SOURCE.replace("await pool.release(conn)", "await pool.acquire(conn)"))
    os.utime(project / "leaks.py", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert check(capfd) != first


def _run(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "poolint", "check", *arguments, "."]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_runs_at_once(project: Path) -> None:
    for number in range(5):
        (project / f"more{number}.py").write_text(SOURCE)
    said = {process.communicate() for process in [_run() for _ in range(3)]}
    assert len(said) == 1
    assert {_run().communicate()} == said
    assert [one.suffix for one in (project / NAME).iterdir() if one.name.endswith(".tmp")] == []


def test_a_run_that_is_killed_leaves_nothing_that_misleads(project: Path) -> None:
    for number in range(5):
        (project / f"more{number}.py").write_text(SOURCE)
    expected = _run("--no-cache").communicate()
    for delay in (0.2, 0.35, 0.5):
        process = _run()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert _run().communicate() == expected


def test_a_process_that_comes_while_another_makes_the_directory_may_write_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / ".poolint_cache")
    put, others = Folder._put, []

    def interrupted(self: Folder, name: str, data: bytes) -> bool:
        done = put(self, name, data)
        monkeypatch.setattr(Folder, "_put", put)
        others.append(Folder(path).make())
        monkeypatch.setattr(Folder, "_put", interrupted)
        return done

    monkeypatch.setattr(Folder, "_put", interrupted)
    assert Folder(path).make()
    assert others == [True, True]  # after the file for git, and after the tag
    assert {one.name for one in Path(path).iterdir()} == {".gitignore", "CACHEDIR.TAG"}


@pytest.mark.parametrize("name", ["notes.txt", ".gitignore"])
def test_a_directory_with_files_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    assert not Folder(str(tmp_path)).make()
    assert [one.read_text() for one in tmp_path.iterdir()] == ["mine\n"]
