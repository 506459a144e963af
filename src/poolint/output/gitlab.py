"""A code quality report of GitLab."""

from __future__ import annotations

from poolint.output.json import dumps
from poolint.output.locations import fingerprints, relative
from poolint.output.text import printable

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One JSON list, over several lines."""
    found = report.diagnostics
    yield dumps(
        [
            {
                "description": f"{one.code}: {printable(one.message)}",
                **({"content": {"body": f"[{one.code} {one.name}]({url})"}} if (url := report.url(one)) else {}),
                "check_name": one.name,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[one.severity],
                "location": {
                    "path": relative(one.filename),
                    "positions": {
                        "begin": {"line": one.range.start.row, "column": one.range.start.column},
                        "end": {"line": one.range.end.row, "column": one.range.end.column},
                    },
                },
            }
            for one, fingerprint in zip(found, fingerprints(found), strict=True)
        ]
    )
