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

    paint = Style(report.color, report.links)
    for path, group in groupby(report.diagnostics, key=lambda one: one.filename):
        found = list(group)
        places = [f"{one.range.start.row}:{one.range.start.column}" for one in found]
        width = max(map(len, places))
        yield f"{paint.path(path, paint('bold', printable(shown(path))))}:"
        for place, one in zip(places, found, strict=True):
            star = f"[{paint('cyan', '*')}] " if is_applicable(one, report.unsafe) else ""
            code = paint.link(report.url(one) if report.links else "", paint("red", one.code))
            yield f"  {place.ljust(width)}  {code} {star}{printable(one.message)}"
        yield ""
