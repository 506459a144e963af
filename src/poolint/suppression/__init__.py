"""Which findings comments silence. What such a comment may look like is in ``comments``, what is said of one that
silences nothing in ``review``.

A comment counts on the row of the finding and on the last row of the statement it stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.suppression.comments import ALL, directives

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.diagnostics import Diagnostic
    from poolint.suppression.comments import Directive
    from poolint.text.source import Source

ITS_OWN = ("POL900", "POL901")
"""What poolint says about itself: a crash must not be hidden by a comment that knows nothing of it."""


def left_by(comments: Sequence[Directive], found: Sequence[Diagnostic], *, noqa: bool = True) -> list[Diagnostic]:
    """Those of ``found``, all of them in one file, that none of its ``comments`` silences.

    ``noqa=False`` honours only poolint's own forms, where a host such as flake8 sees to ``# noqa`` itself.
    """
    honoured = [one for one in comments if (noqa or not one.is_noqa) and not one.fault]
    of_file = _Meant(one for one in honoured if one.of_file)
    of_row: dict[int, list[Directive]] = {}
    for one in honoured:
        if not one.of_file:
            of_row.setdefault(one.row, []).append(one)
    of_rows = {row: _Meant(there) for row, there in of_row.items()}
    kept = []
    for diagnostic in found:
        there = [of_rows.get(row) for row in (diagnostic.range.start.row, diagnostic.statement_end_row)]
        if diagnostic.code in ITS_OWN or not any(one is not None and diagnostic in one for one in (of_file, *there)):
            kept.append(diagnostic)
    return kept


class _Meant:
    """All that some comments mean, each thing once: a row may hold thousands of them."""

    def __init__(self, comments: Iterable[Directive]) -> None:
        texts: set[str] = set()
        for comment in comments:
            texts.update({""} if comment.selectors is None else (one.text for one in comment.selectors))
        self.prefixes = tuple({"" if text.upper() == ALL else text.upper() for text in texts})
        self.names = {text.lower() for text in texts}

    def __contains__(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.code.startswith(self.prefixes) or diagnostic.name in self.names


def silencing_row(source: Source, diagnostic: Diagnostic) -> int:
    """The row of a comment that silences a finding; 0 where none does."""
    fitting = [one for one in directives(source) if not left_by([one], [diagnostic])]
    return min(fitting, key=lambda one: (one.of_file, one.row)).row if fitting else 0
