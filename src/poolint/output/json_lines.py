"""Findings as JSON, one a line."""

from __future__ import annotations

import json

from poolint.output.json import as_object, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One JSON object a line, as :mod:`poolint.output.json` has them in its list."""
    for one in report.diagnostics:
        yield json.dumps(escaped(as_object(one, report.url(one))))
