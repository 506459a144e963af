"""Fixtures: files that say by themselves what poolint has to find in them, and how they are checked.

A fixture is a file ``fixtures/POLxxx/<story>.py``, or a folder ``fixtures/POLxxx/<story>/`` with a project of several
modules, and whatever else belongs to it. Its first line is a comment with the story. One whose name begins with
``good_`` expects nothing. What is expected stands in trailing comments, several of them on one row joined by
semicolons::

    session.close()  # expect: POL101
    session.close(); session.commit()  # expect: POL101:5, POL102:22        with the column
    session.close()  # expect: POL101 "`session.close()` is never awaited…" with the whole message, quoted as in JSON
    await client.post(url)  # expect: POL401; step 2 of POL401              a step of the finding's path
    session.close()  # todo: POL101                                         known to be missed

A message is compared as a whole: a part of it would let the rest rot. One fixture of each rule states it.

The expected text after all safe fixes stands beside a file: ``<story>.fixed.py``; what is still found in it is expected
there in the same way. What the rules of :data:`MOVING` make of it, with unsafe fixes, is ``<story>.unsafe.py``. Comments of
this kind are taken away before poolint sees a text, and before texts are compared.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from poolint.config import Settings, load
from poolint.decisions import merged
from poolint.engine import Checker
from poolint.fixes.rounds import fix_source
from poolint.reporting import reportable
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.diagnostics import Diagnostic

FIXTURES = Path(__file__).parent / "fixtures"
FIXED = ".fixed.py"
UNSAFE = ".unsafe.py"
MOVING = ("POL4", "POL50")
"""Rules whose fixes change when something happens, or how engines are made: the beginning of their codes."""

_COMMENT = re.compile(rb"[ \t]*#[ \t]*(?=(?:expect|todo|step)\b)([^\r\n]*)")
_FINDING = r'(POL\d{3})(?::(\d+))?(?: +("(?:[^"\\]|\\.)*"))?'
_LISTED = re.compile(rf"(expect|todo): *({_FINDING}(?: *, *{_FINDING})*) *(?:; *|$)")
_STEP = re.compile(r"step (\d+) of (POL\d{3}) *(?:; *|$)")


class Place(NamedTuple):
    """Where something is expected: the file inside the fixture, the row, and the column and message where stated."""

    file: str
    row: int
    code: str
    column: int = 0
    message: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}{f':{self.column}' if self.column else ''} {self.code}"
        return f"{where} {json.dumps(self.message, ensure_ascii=False)}" if self.message else where

    def fits(self, found: Place) -> bool:
        """Whether a finding is what is expected here."""
        stated = self.column in (0, found.column) and self.message in ("", found.message)
        return stated and found[:3] == self[:3]


@dataclass
class Expectations:
    """What the comments of some files say. ``steps`` are (place, number); a place may stand there several times."""

    findings: list[Place] = field(default_factory=list)
    misses: list[Place] = field(default_factory=list)
    steps: set[tuple[Place, int]] = field(default_factory=set)

    def read(self, name: str, data: bytes) -> None:
        """Take in the comments of one file."""
        for row, line in enumerate(data.splitlines(), 1):
            match = _COMMENT.search(line)
            if match is None:
                continue
            self._add(name, row, match[1].decode().strip())

    def _add(self, name: str, row: int, text: str) -> None:
        at = 0
        while at < len(text):
            if step := _STEP.match(text, at):
                self.steps.add((Place(name, row, step[2]), int(step[1])))
                at = step.end()
            elif listed := _LISTED.match(text, at):
                at = listed.end()
                target = self.findings if listed[1] == "expect" else self.misses
                for code, column, quoted in re.findall(_FINDING, listed[2]):
                    target.append(Place(name, row, code, int(column or 0), json.loads(quoted or '""')))
            else:
                raise ValueError(f"{name}:{row}: cannot be understood as an expectation: {text[at:]!r}")


@dataclass(frozen=True)
class Fixture:
    """One fixture: a file, or a folder with several."""

    path: Path

    @property
    def code(self) -> str:
        """The rule that it is filed under."""
        return self.path.parent.name

    @property
    def name(self) -> str:
        """How it is called in a test's name."""
        return f"{self.code}/{self.path.name.removesuffix('.py')}"

    @property
    def is_good(self) -> bool:
        """Whether nothing is to be found in it."""
        return self.path.name.startswith("good_")

    @property
    def others(self) -> dict[str, Path]:
        """What stands beside the files to be checked: a `pyproject.toml`, a lock file, the files of a deployment."""
        found = self.path.rglob("*") if self.path.is_dir() else ()
        return {
            path.relative_to(self.path).as_posix(): path
            for path in sorted(found)
            if path.is_file() and path.suffix not in (".py", ".pyc")
        }

    @property
    def files(self) -> dict[str, Path]:
        """The files to be checked, by their names inside the fixture."""
        if self.path.is_file():
            return {self.path.name: self.path}
        return {
            path.relative_to(self.path).as_posix(): path
            for path in sorted(self.path.rglob("*.py"))
            if not path.name.endswith((FIXED, UNSAFE))
        }

    def fixed(self, name: str, suffix: str = FIXED) -> Path:
        """Where the fixed text of a file stands, if it has any."""
        path = self.files[name]
        return path.with_name(path.name.removesuffix(".py") + suffix)

    @property
    def expectations(self) -> Expectations:
        """What is expected of the files as they stand."""
        found = Expectations()
        for name, path in self.files.items():
            found.read(name, path.read_bytes())
        return found

    def expected_when_fixed(self, suffix: str = FIXED) -> list[Place]:
        """What is expected in the fixed texts, and in the files that need no fix."""
        found = Expectations()
        for name, path in self.files.items():
            fixed = self.fixed(name, suffix)
            found.read(name, (fixed if fixed.exists() else path).read_bytes())
        return found.findings

    def lay_out(self, root: Path) -> Path:
        """Write the files without their expectations below ``root``: in ``tests/`` rules would be relaxed."""
        for name, path in {**self.others, **self.files}.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            target.write_bytes(without_expectations(data) if name in self.files else data)
        return root


@cache
def fixtures() -> tuple[Fixture, ...]:
    """All fixtures, in order."""
    return tuple(
        Fixture(path)
        for folder in sorted(FIXTURES.glob("POL*"))
        for path in sorted(folder.iterdir())
        if (path.is_dir() and path.name != "__pycache__")
        or (path.suffix == ".py" and not path.name.endswith((FIXED, UNSAFE)))
    )


def without_expectations(data: bytes) -> bytes:
    """A text without the comments that say what is expected of it; rows and columns of all else stay."""
    return _COMMENT.sub(b"", data)


_RULES = LazyRules()


class Project:
    """The files below ``root``, checked as the command line does it, with all rules on but for matters of taste.

    With ``screened=False`` every file is looked at, whatever the screen says. ``also`` are rules to be selected that
    are off by default.
    """

    def __init__(self, root: Path, names: Iterable[str], *, screened: bool = True, also: tuple[str, ...] = ()) -> None:
        self.root = root
        self.names = sorted(names)
        self.screened = screened
        self.settings = Settings(extend_select=also, root=str(root), budget=load(str(root)).budget)
        self.checker = Checker(self.settings, _RULES)

    def _source(self, name: str) -> Source:
        return Source.read(str(self.root / name))

    def _check(self, source: Source) -> list[Diagnostic]:
        if self.screened and not self.checker.is_interesting(source.path, source.data):
            return []
        return reportable(self.checker, self.settings, source)

    def findings(self) -> list[Diagnostic]:
        """All findings."""
        return [one for name in self.names for one in self.findings_in(name)]

    def findings_in(self, name: str) -> list[Diagnostic]:
        """The findings in one file."""
        return merged(self._check(self._source(name)))

    def fix(self, *, unsafe: bool = False) -> Iterator[tuple[str, Source, list[Diagnostic]]]:
        """Fix file after file on disk; gives name, new text and what was fixed of each that has changed."""
        for name in self.names:
            source = self._source(name)
            fixed = fix_source(source, self._check, unsafe)
            if fixed.applied:
                (self.root / name).write_bytes(fixed.source.data)
                yield name, fixed.source, fixed.applied

    def place(self, one: Diagnostic) -> Place:
        """Where a finding stands, with its column and message."""
        start = one.range.start
        return Place(self.name_of(one.filename), start.row, one.code, start.column, one.message)

    def steps(self, found: Iterable[Diagnostic]) -> set[tuple[Place, int]]:
        """The steps of the paths of some findings."""
        return {
            (Place(self.name_of(step.filename), step.range.start.row, one.code), number)
            for one in found
            for number, step in enumerate(one.path, 1)
        }

    def name_of(self, filename: str) -> str:
        """The name of a file inside the project."""
        return Path(filename).relative_to(self.root).as_posix()


def differences(expected: Iterable[Place], found: Iterable[Place]) -> list[str]:
    """What is missing and what is too much, one line each; expectations without a column or a message fit any."""
    left = Counter(found)
    problems = []
    for one in sorted(expected, key=lambda place: -(bool(place.column) + bool(place.message))):
        fitting = [other for other in left if one.fits(other)]
        if fitting:
            left -= Counter(fitting[:1])
        else:
            problems.append(f"not found: {one}")
    return problems + [f"not expected: {one}" for one in sorted(left.elements())]
