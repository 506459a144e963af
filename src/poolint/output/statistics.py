"""``--statistics``: how much is found of each rule, below each root and in each file, and how much is not reported."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from poolint.config import shown
from poolint.output.json import dumps
from poolint.output.style import Style
from poolint.output.text import printable
from poolint.selection import is_applicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from poolint.diagnostics import Diagnostic
    from poolint.output.report import Report

SILENT = {"place": "relaxed", "comment": "commented", "baseline": "baselined", "revision": "before"}
"""What keeps a finding from being reported (see :class:`~poolint.diagnostics.Silence`), as a word above a column."""

MOST = 20
"""Files that are shown to people, those with the most first."""


@dataclass
class Row:
    """What is counted for one rule, root or file."""

    name: str
    found: int = 0
    fixable: int = 0
    silenced: dict[str, int] = field(default_factory=dict)

    @property
    def sort_key(self) -> tuple[int, int, str]:
        return (-self.found, -sum(self.silenced.values()), self.name)


def counted(report: Report, of: Callable[[Diagnostic], str]) -> list[Row]:
    """A row for each answer that ``of`` gives, those with the most findings first."""
    rows: dict[str, Row] = {}
    for one in report.diagnostics:
        row = rows.setdefault(of(one), Row(of(one)))
        row.found += 1
        row.fixable += is_applicable(one, report.unsafe)
    for one in report.silenced:
        if one.silence is not None:
            row = rows.setdefault(of(one), Row(of(one)))
            row.silenced[one.silence.by] = row.silenced.get(one.silence.by, 0) + 1
    return sorted(rows.values(), key=lambda row: row.sort_key)


def render(report: Report) -> Iterator[str]:
    """Three tables for people, without the second where there is one root only, and an empty line after each."""
    paint = Style(report.color, report.links)
    by_rule = counted(report, _rule)
    if not by_rule:
        return
    there = [by for by in SILENT if any(by in row.silenced for row in by_rule)]
    yield from _table("rule", by_rule, there, paint)
    roots = counted(report, lambda one: shown_root(root_of(one, report)))
    if len(roots) > 1:
        yield from _table("root", roots, there, paint)
    files = counted(report, lambda one: shown(one.filename))
    yield from _table("file", files[:MOST], there, paint)
    if len(files) > MOST:
        yield f"… and {len(files) - MOST} more; --output-format json has all of them."
        yield ""


def document(report: Report) -> Iterator[str]:
    """One JSON object with all of it, over several lines."""
    names = {one.code: one.name for one in (*report.diagnostics, *report.silenced)}
    yield dumps(
        {
            "rules": [
                {"code": row.name, "name": names[row.name], **_plain(row)}
                for row in counted(report, lambda one: one.code)
            ],
            "roots": [{"root": row.name, **_plain(row)} for row in counted(report, lambda one: root_of(one, report))],
            "files": [{"filename": row.name, **_plain(row)} for row in counted(report, lambda one: one.filename)],
            "not_seen": report.unseen or None,
        }
    )


def _plain(row: Row) -> dict[str, Any]:
    silenced = {word: row.silenced.get(by, 0) for by, word in SILENT.items()}
    return {"found": row.found, "fixable": row.fixable, "silenced": silenced}


def _table(title: str, rows: list[Row], silent: list[str], paint: Style) -> Iterator[str]:
    heads = ["found", "fixable", *(SILENT[by] for by in silent)]
    yield "  ".join([*(paint("bold", one.rjust(7)) for one in heads), paint("bold", title)])
    for row in rows:
        counts = [row.found, row.fixable, *(row.silenced.get(by, 0) for by in silent)]
        cells = [
            (str(count) if count else "-").rjust(max(7, len(head))) for count, head in zip(counts, heads, strict=True)
        ]
        yield "  ".join([*cells, printable(row.name)])
    yield ""


def _rule(one: Diagnostic) -> str:
    return f"{one.code} {one.name}"


def root_of(one: Diagnostic, report: Report) -> str:
    """The innermost root of settings around a finding; the working directory where there is none."""
    around = [root for root in report.roots if one.filename.startswith(os.path.join(root, ""))]
    return max(around, key=len) if around else os.getcwd()


def shown_root(root: str) -> str:
    return os.path.relpath(root) if os.path.join(root, "").startswith(os.path.join(os.getcwd(), "")) else root
