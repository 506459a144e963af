"""A code quality report of GitLab."""

from __future__ import annotations

from poolint.output.json import dumps
from poolint.output.locations import fingerprints, relative
from poolint.output.text import printable

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.diagnostics import Diagnostic


def render(
    diagnostics: Iterable[Diagnostic],
    lines: Callable[[str], Sequence[str] | None] | None = None,
    *,
    color: bool = False,
    unsafe: bool = False,
) -> Iterator[str]:
    """One JSON list, over several lines."""
    del lines, color, unsafe
    found = list(diagnostics)
    yield dumps(
        [
            {
                "description": f"{one.code}: {printable(one.message)}",
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
