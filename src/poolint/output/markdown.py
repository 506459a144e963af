"""A table for a merge request or the summary of a job."""

from __future__ import annotations

from poolint.output.headline import graded
from poolint.output.locations import at_row, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One table of all findings, in Markdown as GitHub and GitLab read it."""
    found = report.diagnostics
    if not found:
        yield "### poolint found nothing"
        return
    yield f"### poolint found {len(found)} problem{'s' * (len(found) > 1)}"
    yield ""
    yield "| Place | Rule | Finding |"
    yield "| --- | --- | --- |"
    for one in found:
        url = report.url(one)
        rule = f"[{one.code}]({url})" if url else one.code
        place = f"`{_code(relative(one.filename))}:{at_row(one.range)}`"
        yield f"| {place} | {rule} {one.name} | {_cell(graded(one))} |"


def _cell(text: str) -> str:
    """Words for a cell of a table: what stands between backticks is code, and of the rest nothing is markup."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _plain(text)
    return "`".join(_code(part) if number % 2 else _plain(part) for number, part in enumerate(parts))


def _plain(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>|~#" else char for char in text)


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")
