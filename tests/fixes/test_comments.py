"""No fix loses a comment: each fixture that has a fix is fixed once more with a comment wherever one can stand.

In what comes of it every comment stands exactly once, and nothing is left that is fixed without the comments. (A
comment may be the answer itself: a choice that says why it was made is not reported.)
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support import FIXED, UNSAFE, Fixture, Project, fixtures, without_expectations

from poolint.text.source import parse

if TYPE_CHECKING:
    from pathlib import Path

_MARK = re.compile(r"mark \d+ of the text")


def commented(text: str) -> str:
    """``text`` with a comment of its own at the end of each row that can take one, and above each row that can be
    parted from the one before; the first rows stay together for the sake of a declared encoding."""
    rows = list(io.StringIO(text, newline=""))
    joined = _joined(text) | {row for row, one in enumerate(rows, 1) if one.rstrip("\r\n").endswith("\\")}
    number = 0
    found = []
    for index, row in enumerate(rows, 1):
        body = row.rstrip("\r\n")
        newline = row[len(body) :]
        if body.strip() and index > 2 and index - 1 not in joined:
            number += 1
            found.append(f"{body[: len(body) - len(body.lstrip())]}# mark {number} of the text{newline or chr(10)}")
        if body.strip() and index not in joined:
            number += 1
            body += f"  # mark {number} of the text"
        found.append(body + newline)
    return "".join(found)


def _joined(text: str) -> set[int]:
    """The rows whose ends lie within a string; what an f-string has in it are tokens of their own since Python 3.12."""
    found: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            found.update(range(token.start[0], token.end[0]))
        elif name in ("FSTRING_START", "TSTRING_START"):
            begun.append(token.start[0])
        elif name in ("FSTRING_END", "TSTRING_END"):
            found.update(range(begun.pop(), token.end[0]))
    return found


class Fixed(NamedTuple):
    """The ``texts`` of some files after all fixes, how many findings of each rule were ``fixed``, how many are ``left``."""

    texts: dict[str, str]
    fixed: Counter[str]
    left: Counter[str]


def fix(fixture: Fixture, root: Path, names: list[str], *, marked: bool) -> Fixed:
    """Fix all that can be fixed, with a comment wherever one can stand or without."""
    root.mkdir()
    fixture.lay_out(root)
    if marked:
        for name in names:
            path = root / name
            path.write_bytes(commented(path.read_bytes().decode()).encode())
    project = Project(root, fixture.files, also=(fixture.code,))
    fixed = Counter(one.code for _, _, applied in project.fix(unsafe=True) for one in applied)
    texts = {name: (root / name).read_bytes().decode("utf-8-sig") for name in names}
    return Fixed(texts, fixed, Counter(one.code for one in project.findings()))


def _is_plain(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return b"coding" not in path.read_bytes()[:200]


def files_with_fixes(fixture: Fixture) -> list[str]:
    return [
        name
        for name, path in fixture.files.items()
        if any(fixture.fixed(name, suffix).exists() for suffix in (FIXED, UNSAFE)) and _is_plain(path)
    ]


WITH_FIXES = [one for one in fixtures() if files_with_fixes(one)]


@pytest.mark.parametrize("fixture", WITH_FIXES, ids=lambda one: one.name)
def test_no_comment_is_lost(fixture: Fixture, tmp_path: Path) -> None:
    names = files_with_fixes(fixture)
    before = {name: commented(without_expectations(fixture.files[name].read_bytes()).decode()) for name in names}
    marked = fix(fixture, tmp_path / "marked", names, marked=True)
    plain = fix(fixture, tmp_path / "plain", names, marked=False)
    for name in names:
        text = marked.texts[name]
        parse(text)
        wanted, found = (Counter(_MARK.findall(one)) for one in (before[name], text))
        assert found == wanted, f"lost {sorted(wanted - found)}, twice {sorted(found - wanted)}\n{text}"
    assert plain.fixed.total() > 0
    assert not marked.left - plain.left, "a comment has kept a fix from being made"
