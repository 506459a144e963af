"""A JUnit report: each finding is a test that has failed."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from poolint.output.headline import graded
from poolint.output.locations import of_file, relative, spot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One XML document. Where nothing is found, a single test has passed: servers take an empty report for a broken one."""
    from itertools import groupby

    found = report.diagnostics
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="poolint" tests="{len(found) or 1}" failures="{len(found)}" errors="0">'
    if not found:
        yield '  <testsuite name="poolint" tests="1" failures="0" errors="0">'
        yield '    <testcase name="No errors found" classname="poolint"/>'
        yield "  </testsuite>"
    for path, group in groupby(found, key=lambda one: one.filename):
        several = list(group)
        name = relative(path)
        yield f'  <testsuite name={quoteattr(name)} tests="{len(several)}" failures="{len(several)}" errors="0">'
        for one in several:
            where, message = spot(one.range), graded(one)
            line = of_file(one.range).start.row
            test = f"{one.code} {one.name}:{where}"
            yield f'    <testcase name={quoteattr(test)} classname={quoteattr(name)} file={quoteattr(name)} line="{line}">'
            url = report.url(one)
            text = escape(f"{name}:{where}: {one.code} {message}" + (f"\n{url}" if url else ""))
            yield f'      <failure message={quoteattr(message)} type="{one.code}">{text}</failure>'
            yield "    </testcase>"
        yield "  </testsuite>"
    yield "</testsuites>"
