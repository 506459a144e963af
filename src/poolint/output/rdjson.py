"""The diagnostic format of reviewdog, whose columns count bytes of UTF-8."""

from __future__ import annotations

from poolint.output.json import dumps
from poolint.output.locations import aside, of_file, relative
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from poolint.diagnostics import Diagnostic, Position, Range
    from poolint.output.report import Report

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def render(report: Report) -> Iterator[str]:
    """One JSON object, over several lines. Of a file that cannot be read the columns count characters."""
    yield dumps(
        {
            "source": {"name": "poolint"},
            "severity": "ERROR",
            "diagnostics": [
                _diagnostic(one, report.lines(one.filename), report.url(one)) for one in report.diagnostics
            ],
        }
    )


def _diagnostic(one: Diagnostic, rows: Sequence[str] | None, url: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "message": printable(one.message) + aside(one.range),
        "location": {"path": relative(one.filename), "range": _range(of_file(one.range), rows)},
        "severity": _SEVERITIES[one.severity],
        "code": {"value": one.code, "url": url} if url else {"value": one.code},
    }
    if one.fix is not None and not one.range.cell:
        found["suggestions"] = [{"range": _range(edit.range, rows), "text": edit.content} for edit in one.fix.edits]
    return found


def _range(place: Range, rows: Sequence[str] | None) -> dict[str, Any]:
    return {"start": _position(place.start, rows), "end": _position(place.end, rows)}


def _position(place: Position, rows: Sequence[str] | None) -> dict[str, int]:
    column = place.column
    if rows is not None and place.row <= len(rows):
        column = len(rows[place.row - 1][: column - 1].encode("utf-8", "surrogatepass")) + 1
    return {"line": place.row, "column": column}
