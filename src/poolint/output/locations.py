"""Where a finding is, as formats for other programs write it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.diagnostics import Diagnostic, Range


def spot(where: Range) -> str:
    """Row and column at which a stretch begins, in a notebook behind its cell: ``12:5``, ``cell 3:2:5``."""
    return f"{at_row(where)}:{where.start.column}"


def at_row(where: Range) -> str:
    """The row at which a stretch begins, in a notebook behind its cell: ``12``, ``cell 3:2``."""
    return f"cell {where.cell}:{where.start.row}" if where.cell else f"{where.start.row}"


def of_file(where: Range) -> Range:
    """A stretch for those who know nothing of cells: in a notebook the row of the JSON at which it begins."""
    if not where.cell:
        return where
    from poolint.diagnostics import Position, Range

    start = Position(where.line, 1)
    return Range(start, start)


def aside(where: Range) -> str:
    """What is told such readers beside a message, in a notebook: `` (cell 3:2:5)``."""
    return f" ({spot(where)})" if where.cell else ""


def relative(path: str) -> str:
    """A path with ``/`` between its parts: below the working directory without what leads to that, elsewhere absolute."""
    from poolint.config import shown
    from poolint.output.text import printable

    return printable(shown(path)).replace(os.sep, "/")


def file_url(name: str) -> str:
    """The URL of a file, by its absolute path with ``/`` between the parts."""
    from urllib.parse import quote

    return f"file://{'' if name.startswith('/') else '/'}{quote(name, safe='/:', errors='surrogateescape')}"


def fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """One for each finding, no two alike: its own, or for what has none one of its code, place and message."""
    import hashlib

    seen: dict[str, int] = {}
    found = []
    for one in diagnostics:
        text = (
            one.fingerprint
            or hashlib.sha256(
                "\0".join((one.code, relative(one.filename), one.message)).encode("utf-8", "backslashreplace")
            ).hexdigest()[:16]
        )
        count = seen[text] = seen.get(text, 0) + 1
        found.append(text if count == 1 else f"{text}-{count}")
    return found
