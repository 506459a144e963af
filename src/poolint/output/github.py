"""Workflow commands of GitHub Actions, which it shows beside the code."""

from __future__ import annotations

from poolint.output.locations import aside, of_file, relative
from poolint.output.text import printable

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One command a line. Of a finding over several rows no columns are named: there they would mean one row."""
    for one in report.diagnostics:
        where = of_file(one.range)
        start, end = where.start, where.end
        columns = [("col", start.column), ("endColumn", end.column)] if start.row == end.row and start != end else []
        properties = [
            ("title", f"poolint ({one.code})"),
            ("file", relative(one.filename)),
            ("line", start.row),
            ("endLine", end.row),
            *columns,
        ]
        url = report.url(one)
        more = f"\n{url}" if url else ""
        told = ",".join(f"{key}={_property(str(value))}" for key, value in properties)
        yield f"::{_COMMANDS[one.severity]} {told}::{_data(f'{one.code} {printable(one.message)}{aside(one.range)}{more}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
