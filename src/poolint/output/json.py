"""Findings as JSON: the keys of ruff, so that its consumers work, and ``path``, ``certainty`` and ``fingerprint``."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import json
import os

from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.diagnostics import Diagnostic, Fix, Position, Range
    from poolint.output.report import Report


VERSION = 1
"""Of the shape of a finding; see docs/stability.md. ``findings.schema.json`` beside this says what it is."""


def render(report: Report) -> Iterator[str]:
    """One JSON list, over several lines. Rows and columns count from 1, ends are exclusive, file names absolute."""
    yield dumps([as_object(one, report.url(one)) for one in report.diagnostics])


def dumps(value: object) -> str:
    """``value`` as JSON over several lines. Bytes of names that are no text are escaped, as they are everywhere.

    Python would write them as halves of surrogate pairs, for which most readers refuse all of the text.
    """
    text = json.dumps(value, indent=2)
    return json.dumps(escaped(value), indent=2) if "\\udc" in text else text


def escaped(value: object) -> object:
    """``value`` with the bytes of names that are no text written out."""
    if isinstance(value, str):
        return "".join(printable(char) if "\udc80" <= char <= "\udcff" else char for char in value)
    if isinstance(value, dict):
        return {escaped(key): escaped(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [escaped(one) for one in value]
    return value


def as_object(one: Diagnostic, url: str = "") -> dict[str, Any]:
    """One finding as a JSON object, and where its rule is documented."""
    return {
        "cell": one.range.cell or None,
        "code": one.code,
        "name": one.name,
        "message": one.message,
        "severity": one.severity,
        "filename": os.path.abspath(one.filename),
        "location": _position(one.range.start),
        "end_location": _position(one.range.end),
        "fix": None if one.fix is None else _fix(one.fix),
        "noqa_row": one.range.start.row,
        "url": url or None,
        "path": [
            {
                "message": step.message,
                "filename": os.path.abspath(step.filename),
                **_cell(step.range),
                "location": _position(step.range.start),
                "end_location": _position(step.range.end),
            }
            for step in one.path
        ],
        "also": [
            {
                "filename": os.path.abspath(place.filename),
                **_cell(place.range),
                "location": _position(place.range.start),
                "end_location": _position(place.range.end),
            }
            for place in (*one.also, *(each for each in one.elsewhere if each.filename == one.filename))
        ],
        "certainty": one.certainty.value,
        "fingerprint": one.fingerprint,
        "schema_version": VERSION,
    }


def _cell(where: Range) -> dict[str, int]:
    """The cell of a place in a notebook; nothing of any other."""
    return {"cell": where.cell} if where.cell else {}


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
