"""How a finding begins where people read it: ``POL402 [*] warning: message``."""

from __future__ import annotations

from poolint.output.text import printable
from poolint.selection import is_applicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.diagnostics import Diagnostic
    from poolint.output.report import Report
    from poolint.output.style import Style

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def graded(one: Diagnostic) -> str:
    """Its message, behind its severity where that is not ``error``."""
    message = printable(one.message)
    return message if one.severity == "error" else f"{one.severity}: {message}"


def headline(one: Diagnostic, report: Report, paint: Style, *, bold: bool = False) -> str:
    """Its code, which links its rule, whether ``--fix`` would mend it, its severity where that is not ``error``, and its
    message."""
    colour = _COLOURS[one.severity]
    code = paint.link(report.url(one) if report.links else "", paint(colour, one.code))
    star = f"[{paint('cyan', '*')}] " if is_applicable(one, report.unsafe) else ""
    grade = "" if one.severity == "error" else f"{paint(colour, one.severity)}: "
    message = printable(one.message)
    return f"{code} {star}{grade}{paint('bold', message) if bold else message}"
