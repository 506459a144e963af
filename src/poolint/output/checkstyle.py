"""A report of Checkstyle, which many servers read."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from poolint.output.locations import aside, of_file, relative
from poolint.output.text import printable

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One XML document."""
    from itertools import groupby

    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<checkstyle version="4.3">'
    for path, group in groupby(report.diagnostics, key=lambda one: one.filename):
        yield f"  <file name={quoteattr(relative(path))}>"
        for one in group:
            start, grade = of_file(one.range).start, _SEVERITIES[one.severity]
            message = quoteattr(f"{one.code} {printable(one.message)}{aside(one.range)}")
            yield (
                f'    <error line="{start.row}" column="{start.column}" severity="{grade}" message={message} '
                f'source="poolint.{one.code}"/>'
            )
        yield "  </file>"
    yield "</checkstyle>"
