"""Service messages of TeamCity: an inspection for each rule, and what it has found."""

from __future__ import annotations

from poolint.output.locations import aside, of_file, relative
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}
_ESCAPES = {"|": "||", "'": "|'", "[": "|[", "]": "|]", "\n": "|n", "\r": "|r"}


def render(report: Report) -> Iterator[str]:
    """One message a line; a rule is told before the first of its findings."""
    told: set[str] = set()
    for one in report.diagnostics:
        if one.code not in told:
            told.add(one.code)
            about = report.url(one) or one.name
            yield _message("inspectionType", id=one.code, name=one.name, category="poolint", description=about)
        yield _message(
            "inspection",
            typeId=one.code,
            message=printable(one.message) + aside(one.range),
            file=relative(one.filename),
            line=str(of_file(one.range).start.row),
            SEVERITY=_SEVERITIES[one.severity],
        )


def _message(kind: str, **properties: str) -> str:
    told = " ".join(f"{name}='{_escaped(text)}'" for name, text in properties.items())
    return f"##teamcity[{kind} {told}]"


def _escaped(text: str) -> str:
    """Text as a value: everything beyond ASCII is a code point of four digits, in UTF-16."""
    return "".join(_ESCAPES.get(char) or (char if char < "\x7f" else _units(char)) for char in text)


def _units(char: str) -> str:
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"|0x{data[at : at + 2].hex()}" for at in range(0, len(data), 2))
