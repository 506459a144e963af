"""``--add-noqa``: a comment for each finding, ``# poolint: ignore[POL101] reason``, where it silences that and nothing else."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.diagnostics import Edit, Position, Range
from poolint.fixes.edits import edited
from poolint.fixes.writing import write_atomically
from poolint.selection import INTERNAL, OWN
from poolint.suppression import left_by
from poolint.suppression.comments import directives
from poolint.text.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.diagnostics import Diagnostic

_NO_REASON = re.compile(r"[#\r\n\f\x00-\x1f]")


def add(found: Sequence[Diagnostic], reason: str, within: Sequence[str]) -> tuple[list[Diagnostic], list[str]]:
    """Write the comments into the files. Gives what is not silenced, and a line for each file that cannot be written.

    ``within`` are the paths that were given: see :func:`poolint.fixes.writing.target_of`.
    """
    reason = " ".join(_NO_REASON.sub(" ", reason).split())
    left: list[Diagnostic] = []
    problems = []
    by_file: dict[str, list[Diagnostic]] = {}
    for one in found:
        (left if one.code in INTERNAL or one.code in OWN else by_file.setdefault(one.filename, [])).append(one)
    for path, several in by_file.items():
        try:
            before = Source.read(path)
            after, kept = _silenced(before, several, reason)
            write_atomically(before, after, within)
        except (SourceError, OSError) as error:
            problems.append(f"{path}: {error}")
            kept = several
        left += kept
    return sorted(left, key=lambda one: one.sort_key), problems


def silenced(source: Source, one: Diagnostic) -> Source | None:
    """A text with a comment that silences one finding, where one can. Raises ``SourceError``."""
    return _with_comment(source, one, "", ast.dump(source.tree))


def _silenced(source: Source, found: Sequence[Diagnostic], reason: str) -> tuple[Source, list[Diagnostic]]:
    """The file with comments, and the findings that no comment can silence."""
    kept, before = [], ast.dump(source.tree)
    for one in found:
        after = _with_comment(source, one, reason, before)
        if after is None:
            kept.append(one)
        else:
            source = after
    return source, kept


def _with_comment(source: Source, one: Diagnostic, reason: str, before: str) -> Source | None:
    """The file with a comment that silences one more finding: on its first row or, where that is inside of a string or
    goes on behind a backslash, on the last of its statement. None where no comment does and leaves the code, of which
    ``before`` is the dump, as it is."""
    if not left_by(directives(source), [one]):
        return source
    for row in dict.fromkeys((one.range.start.row, one.range.end.row, one.statement_end_row)):
        if not 0 < row <= len(source.lines):
            continue
        try:
            after = edited(source, (_edit(source, row, one.code, reason),))
            is_same = ast.dump(after.tree) == before
        except (SourceError, ValueError):
            continue
        if is_same and not left_by(directives(after), [one]):
            return after
    return None


def _edit(source: Source, row: int, code: str, reason: str) -> Edit:
    """One more code in the comment of ours that stands in a row, or such a comment behind all else that does."""
    for comment in directives(source):
        if (
            comment.row == row
            and comment.selectors
            and not (comment.is_noqa or comment.of_file or comment.side or comment.fault)
        ):
            column = comment.selectors[-1].end + 1
            return Edit(Range(Position(row, column), Position(row, column)), f", {code}")
    text = source.lines[row - 1].rstrip("\r\n\f \t")
    words = f"  # poolint: ignore[{code}]{' ' * bool(reason)}{reason}"
    end = len(source.lines[row - 1].rstrip("\r\n"))
    return Edit(Range(Position(row, len(text) + 1), Position(row, end + 1)), words)
