"""Findings under the name of their file, with their places in columns."""

from __future__ import annotations

from poolint.output.headline import headline
from poolint.output.locations import spot
from poolint.output.style import Style
from poolint.output.text import printable

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
        places = [spot(one.range) for one in found]
        width = max(map(len, places))
        yield f"{paint.path(path, paint('bold', printable(shown(path))))}:"
        for place, one in zip(places, found, strict=True):
            yield f"  {place.ljust(width)}  {headline(one, report, paint)}"
        yield ""
