"""Lines as pylint's ``parseable`` format has them: ``path:row: [POL101] message``."""

from __future__ import annotations

from poolint.output.headline import graded
from poolint.output.locations import aside, of_file, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One line a finding."""
    for one in report.diagnostics:
        yield f"{relative(one.filename)}:{of_file(one.range).start.row}: [{one.code}] {graded(one)}{aside(one.range)}"
