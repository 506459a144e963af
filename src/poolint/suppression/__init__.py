"""Which findings comments silence. What such a comment may look like is in ``comments``, what is said of one that
silences nothing in ``review``.

A comment counts on the row of the finding and on the last row of the statement it stands in, a pair of them (``disable``
and ``enable``) on the rows between.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec.structs import replace

from poolint.diagnostics import Silence
from poolint.suppression.comments import ALL, directives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.diagnostics import Diagnostic
    from poolint.suppression.comments import Directive
    from poolint.text.source import Source

ITS_OWN = ("POL900", "POL901")
"""What poolint says about itself: a crash must not be hidden by a comment that knows nothing of it."""


def left_by(comments: Sequence[Directive], found: Sequence[Diagnostic], *, noqa: bool = True) -> list[Diagnostic]:
    """Those of ``found``, all of them in one file, that none of its ``comments`` silences.

    ``noqa=False`` honours only poolint's own forms, where a host such as flake8 sees to ``# noqa`` itself.
    """
    return divided(comments, found, noqa=noqa)[0]


def divided(
    comments: Sequence[Directive], found: Sequence[Diagnostic], *, noqa: bool = True
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The same, and beside them those that comments silence, with the reasons that these give."""
    honoured = [one for one in comments if (noqa or not one.is_noqa) and not one.fault]
    of_file = _Meant([one for one in honoured if one.of_file])
    of_row: dict[int, list[Directive]] = {}
    for one in honoured:
        if not one.of_file and not one.last:
            of_row.setdefault(one.row, []).append(one)
    of_rows = {row: _Meant(there) for row, there in of_row.items()}
    ranges = _Ranges([one for one in honoured if one.last])
    kept, silenced = [], []
    for diagnostic in found:
        start = diagnostic.range.start.row
        there = [of_rows.get(row) for row in (start, diagnostic.statement_end_row)]
        meant = next((one for one in (*there, of_file) if one is not None and diagnostic in one), None)
        comment = meant.first(diagnostic) if meant is not None else ranges.around(diagnostic)
        if diagnostic.code in ITS_OWN or comment is None:
            kept.append(diagnostic)
        else:
            silenced.append(replace(diagnostic, silence=Silence("comment", comment.reason)))
    return kept, silenced


class _Meant:
    """All that some comments mean, each thing once: a row may hold thousands of them."""

    def __init__(self, comments: Sequence[Directive]) -> None:
        self.comments = comments
        texts: set[str] = set()
        for comment in comments:
            texts.update({""} if comment.selectors is None else (one.text for one in comment.selectors))
        self.prefixes = tuple({"" if text.upper() == ALL else text.upper() for text in texts})
        self.names = {text.lower() for text in texts}

    def __contains__(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.code.startswith(self.prefixes) or diagnostic.name in self.names

    def first(self, diagnostic: Diagnostic) -> Directive:
        """The first comment that means a finding that some of them mean."""
        return next(one for one in self.comments if one.matches(diagnostic.code, diagnostic.name))


class _Ranges:
    """Pairs of comments, in the order in which they begin; there may be thousands, nested in one another."""

    def __init__(self, comments: Sequence[Directive]) -> None:
        self.comments = comments
        self._of: dict[tuple[str, str], tuple[list[int], list[Directive]]] = {}
        """By code and name: where those that mean it begin, and which of them so far goes on for longest."""

    def around(self, diagnostic: Diagnostic) -> Directive | None:
        """One that a finding stands inside of and that means it."""
        if not self.comments:
            return None
        kind = diagnostic.code, diagnostic.name
        if kind not in self._of:
            fitting = [one for one in self.comments if one.matches(*kind)]
            self._of[kind] = [one.row for one in fitting], list(accumulate(fitting, _longer))
        rows, longest_of = self._of[kind]
        row = diagnostic.range.start.row
        begun = bisect_left(rows, row)
        return longest_of[begun - 1] if begun and longest_of[begun - 1].last > row else None


def _longer(one: Directive, other: Directive) -> Directive:
    return other if other.last > one.last else one


def silencing_row(source: Source, diagnostic: Diagnostic) -> int:
    """The row of a comment that silences a finding; 0 where none does."""
    fitting = [one for one in directives(source) if not left_by([one], [diagnostic])]
    return min(fitting, key=lambda one: (one.of_file, one.row)).row if fitting else 0
