"""Findings as JSON: the keys of ruff, so that its consumers work, and ``path``, ``certainty`` and ``fingerprint``."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import json
import os

from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from poolint.diagnostics import Diagnostic, Fix, Position


def render(
    diagnostics: Iterable[Diagnostic],
    lines: Callable[[str], Sequence[str] | None] | None = None,
    *,
    color: bool = False,
    unsafe: bool = False,
) -> Iterator[str]:
    """One JSON list, over several lines. Rows and columns count from 1, ends are exclusive, file names absolute."""
    del lines, color, unsafe
    yield json.dumps([as_object(one) for one in diagnostics], indent=2)


def as_object(one: Diagnostic) -> dict[str, Any]:
    """One finding as a JSON object."""
    return {
        "cell": None,
        "code": one.code,
        "name": one.name,
        "message": one.message,
        "severity": one.severity,
        "filename": _name(one.filename),
        "location": _position(one.range.start),
        "end_location": _position(one.range.end),
        "fix": None if one.fix is None else _fix(one.fix),
        "noqa_row": one.range.start.row,
        "url": one.url or None,
        "path": [
            {
                "message": step.message,
                "filename": _name(step.filename),
                "location": _position(step.range.start),
                "end_location": _position(step.range.end),
            }
            for step in one.path
        ],
        "certainty": one.certainty.value,
        "fingerprint": one.fingerprint,
    }


def _name(path: str) -> str:
    """The absolute path. Bytes that are no text are escaped: JSON has no way for them that all readers take."""
    path = os.path.abspath(path)
    return path if path.isprintable() else "".join(printable(c) if "\udc80" <= c <= "\udcff" else c for c in path)


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "edits": [
            {
                "content": edit.content,
                "location": _position(edit.range.start),
                "end_location": _position(edit.range.end),
            }
            for edit in fix.edits
        ],
    }


def _position(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
