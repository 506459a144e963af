"""Logging commands of Azure Pipelines."""

from __future__ import annotations

from poolint.output.locations import aside, of_file, relative
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One command a line."""
    for one in report.diagnostics:
        start = of_file(one.range).start
        grade = "error" if one.severity == "error" else "warning"
        place = f"sourcepath={_property(relative(one.filename))};linenumber={start.row};columnnumber={start.column}"
        yield f"##vso[task.logissue type={grade};{place};code={one.code};]{_data(printable(one.message) + aside(one.range))}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
