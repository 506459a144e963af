"""The unified diff: read by people, and by git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from poolint.fixes.diff import unified_diff
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def sources(before: bytes, after: bytes, path: str = "m.py") -> tuple[Source, Source]:
    return Source.from_bytes(path, before), Source.from_bytes(path, after)


def test_what_it_looks_like() -> None:
    rows = [b"%d\n" % number for number in range(9)]
    before, after = sources(b"".join(rows), b"".join([*rows[:4], b"four\n", *rows[5:]]), "pkg/m.py")
    assert unified_diff(before, after) == (
        "--- a/pkg/m.py\n+++ b/pkg/m.py\n@@ -2,7 +2,7 @@\n 1\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n"
    )
    assert unified_diff(before, before) == ""


def test_paths() -> None:
    for path, root, shown in (
        ("/x/y/m.py", "/x", "y/m.py"),
        ("/x/y/m.py", "/x/y", "m.py"),
        ("/xy/m.py", "/x", "xy/m.py"),
        ("m.py", "", "m.py"),
        ("a b/m.py", "", "a b/m.py\t"),
    ):
        head = unified_diff(*sources(b"a\n", b"b\n", path), root).split("\n")[:2]
        assert head == [f"--- a/{shown}", f"+++ b/{shown}"]


BYTES = {
    "plain": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "no end": (b"a\nb", b"a\nB"),
    "end gained": (b"a\nb", b"a\nb\n"),
    "end lost": (b"a\nb\n", b"a\nb"),
    "no end, first row": (b"a\nb", b"A\nb"),
    "CRLF": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n"),
    "CRLF, no end": (b"a\r\nb", b"a\r\nB"),
    "mixed": (b"a\r\nb\nc\r\n", b"a\r\nB\nc\r\n"),
    "CR": (b"a\rb\rc\r", b"a\rB\rc\r"),
    "mark": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\nB\n"),
    "form feeds and other separators": ("a\n\x0c\x0b\x1c\u2028b\nc\n".encode(), "a\n\x0c\x0b\x1c\u2028B\nc\n".encode()),
    "from nothing": (b"", b"a\n"),
    "to nothing": (b"a\n", b""),
    "rows that look like a diff": (b"--- a\n+++ b\n-- c\n", b"--- a\n+++ B\n-- c\n"),
}


@pytest.mark.parametrize("name", ["m.py", "ä b.py", "a\nb.py", '\x1b[31m\t"\\.py', "\udcff\u202e.py"])
@pytest.mark.parametrize(("before", "after"), BYTES.values(), ids=BYTES)
def test_git_applies_it(tmp_path: Path, before: bytes, after: bytes, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(before)
    text = unified_diff(*sources(before, after, str(file)), str(tmp_path))
    done = subprocess.run(["git", "apply", "-"], input=text.encode(), cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == after
