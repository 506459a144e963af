"""One line a finding: ``path:row:col: POL101 [*] message``."""

from __future__ import annotations

from poolint.config import shown
from poolint.output.headline import headline
from poolint.output.locations import at_row
from poolint.output.style import Style
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """The lines to print, without their ends."""
    paint = Style(report.color, report.links)
    for one in report.diagnostics:
        path = paint.path(one.filename, paint("bold", printable(shown(one.filename))))
        colon = paint("cyan", ":")
        place = f"{path}{colon}{at_row(one.range)}{colon}{one.range.start.column}{colon}"
        yield f"{place} {headline(one, report, paint)}"
