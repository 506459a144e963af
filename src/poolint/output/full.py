"""Findings with their code: the frame shows the finding and each step of the path that leads to it, numbered."""

from __future__ import annotations

from poolint.config import shown
from poolint.output.frames import Mark, frame
from poolint.output.headline import headline
from poolint.output.locations import spot
from poolint.output.style import Style
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.diagnostics import Diagnostic, Range, Step
    from poolint.output.report import CellRows, Report

NEAR = 40
"""Steps within so many rows of the finding share its frame; others get a frame of their own."""

CONTEXT = 2


def render(report: Report) -> Iterator[str]:
    """The lines to print, without their ends, an empty one after each finding."""
    paint = Style(report.color, report.links)
    for one in report.diagnostics:
        yield headline(one, report, paint, bold=True)
        yield from _frames(one, report.rows, paint)
        if one.fix is not None:
            yield f"{paint('help', 'help')}: {printable(one.fix.message)}"
            if one.fix.applicability == "unsafe" and not report.unsafe:
                yield f"{paint('bold', 'note')}: this fix may change what the code does: `--unsafe-fixes` enables it"
            elif one.fix.applicability == "display":
                yield f"{paint('bold', 'note')}: this fix is advice and never applied"
        yield ""


def _frames(one: Diagnostic, rows_of: CellRows, paint: Style) -> Iterator[str]:
    primary = Mark(one.range, primary=True)
    together = [primary]
    apart: list[tuple[int, Step]] = []
    for number, step in enumerate(one.path, 1):
        is_here = (step.filename, step.range.cell) == (one.filename, one.range.cell)
        near = is_here and abs(step.range.start.row - one.range.start.row) <= NEAR
        if near and step.range == one.range:
            primary.label = _joined(primary.label, _label(number, step))
        elif near:
            together.append(Mark(step.range, _label(number, step)))
        else:
            apart.append((number, step))
    rows = [mark.range.start.row for mark in together] + [step.range.start.row for _, step in apart]
    gutter = len(str(max(rows) + CONTEXT))
    yield _place("-->", one.filename, one.range, gutter, paint)
    # A crash has no place in the file.
    text = None if one.code == "POL900" else rows_of(one.filename, one.range.cell)
    if text is not None:
        yield from frame(text, together, CONTEXT, gutter, paint)
    for number, step in apart:
        yield _place(":::", step.filename, step.range, gutter, paint)
        text = rows_of(step.filename, step.range.cell)
        if text is None:
            yield f"{' ' * gutter} {paint('blue', '= ' + _label(number, step))}"
        else:
            yield from frame(text, [Mark(step.range, _label(number, step))], 0, gutter, paint)


def _place(arrow: str, path: str, where: Range, gutter: int, paint: Style) -> str:
    place = paint.path(path, f"{printable(shown(path))}:{spot(where)}")
    return f"{' ' * gutter}{paint('blue', arrow)} {place}"


def _label(number: int, step: Step) -> str:
    return f"{number}: {printable(step.message)}"


def _joined(before: str, label: str) -> str:
    return f"{before}; {label}" if before else label
