"""Findings under the name of their file, with their places in columns."""

from __future__ import annotations

from poolint.output.style import Style
from poolint.output.text import printable
from poolint.selection import is_applicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """The lines to print, without their ends, an empty one after each file."""
    from itertools import groupby

    from poolint.config import shown

    paint = Style(report.color)
    for path, group in groupby(report.diagnostics, key=lambda one: one.filename):
        found = list(group)
        places = [f"{one.range.start.row}:{one.range.start.column}" for one in found]
        width = max(map(len, places))
        yield f"{paint('bold', printable(shown(path)))}:"
        for place, one in zip(places, found, strict=True):
            star = f"[{paint('cyan', '*')}] " if is_applicable(one, report.unsafe) else ""
            yield f"  {place.ljust(width)}  {paint('red', one.code)} {star}{printable(one.message)}"
        yield ""
