"""A code quality report of GitLab."""

from __future__ import annotations

from poolint.output.json import dumps
from poolint.output.locations import aside, fingerprints, of_file, relative
from poolint.output.text import printable

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.diagnostics import Range
    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One JSON list, over several lines."""
    found = report.diagnostics
    yield dumps(
        [
            {
                "description": f"{one.code}: {printable(one.message)}{aside(one.range)}",
                **({"content": {"body": f"[{one.code} {one.name}]({url})"}} if (url := report.url(one)) else {}),
                "check_name": one.name,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[one.severity],
                "location": {
                    "path": relative(one.filename),
                    "positions": _positions(of_file(one.range)),
                },
            }
            for one, fingerprint in zip(found, fingerprints(found), strict=True)
        ]
    )


def _positions(where: Range) -> dict[str, dict[str, int]]:
    return {
        "begin": {"line": where.start.row, "column": where.start.column},
        "end": {"line": where.end.row, "column": where.end.column},
    }
