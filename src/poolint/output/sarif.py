"""SARIF 2.1.0: with the path to each finding, its fix, and the rules that found something.

Columns count Unicode characters, which SARIF calls code points. File names are relative to the working directory, which is
what ``SRCROOT`` stands for: reports are compared between machines.
"""

from __future__ import annotations

from poolint.output.json import dumps
from poolint.output.locations import aside, file_url, fingerprints, relative, spot
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.diagnostics import Diagnostic, Fix, Range
    from poolint.output.report import Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report) -> Iterator[str]:
    """One JSON object, over several lines."""
    from poolint import __version__

    found = [*report.diagnostics, *(one for one in report.silenced if _suppressions(one))]
    rules = {one.code: one for one in sorted(found, key=lambda one: one.code)}
    codes = list(rules)
    driver = {"name": "poolint", "version": __version__, "rules": _rules(rules, report)}
    results = [
        _result(one, codes.index(one.code), fingerprint)
        for one, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not any(one.code == "POL900" for one in found)}],
        "results": results,
    }
    yield dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(rules: dict[str, Diagnostic], report: Report) -> list[dict[str, Any]]:
    """The rules with these codes, each with one of its findings, which has the name of one that is not installed here."""
    if not rules:
        return []
    from poolint.explanations import known

    told, found = known(rules), []
    for code, one in rules.items():
        rule: dict[str, Any] = {"id": code, "name": one.name}
        if code in told:
            text = told[code]["explanation"]
            rule["shortDescription"] = {"text": told[code]["summary"]}
            rule["help"] = {"text": text, "markdown": text}
            rule["defaultConfiguration"] = {"enabled": told[code]["default"], "level": told[code]["severity"]}
        url = report.url(one)
        found.append({**rule, "helpUri": url} if url else rule)
    return found


def _result(one: Diagnostic, index: int, fingerprint: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": printable(one.message) + aside(one.range)},
        "locations": [_location(one.filename, one.range)],
        "partialFingerprints": {"poolint/v1": fingerprint},
        "suppressions": _suppressions(one),
        "properties": {"certainty": one.certainty.value, "function": one.function},
    }
    if one.path:
        steps = [_location(step.filename, step.range, step.message) for step in one.path]
        found["relatedLocations"] = [{"id": number, **step} for number, step in enumerate(steps)]
        flow = [{"location": step, "executionOrder": number} for number, step in enumerate(steps, 1)]
        found["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
    if one.fix is not None and not one.range.cell:
        found["fixes"] = [_fix(one.filename, one.fix)]
    return found


def _suppressions(one: Diagnostic) -> list[dict[str, Any]]:
    """By what a finding is suppressed. All results say something of that, as the standard wants it: most say nothing."""
    kind = {"comment": "inSource", "baseline": "external"}.get(one.silence.by) if one.silence is not None else None
    if one.silence is None or kind is None:
        return []
    reason = printable(one.silence.reason)
    return [{"kind": kind, "justification": reason} if reason else {"kind": kind}]


def _location(path: str, where: Range, message: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(where)}}
    if where.cell:
        found["logicalLocations"] = [{"name": f"cell {where.cell}", "fullyQualifiedName": spot(where)}]
    return {**found, "message": {"text": printable(message)}} if message else found


def _artifact(path: str) -> dict[str, str]:
    import os
    from urllib.parse import quote

    name = relative(path)
    if os.path.isabs(name):
        return {"uri": file_url(name)}
    return {"uri": quote(name), "uriBaseId": "SRCROOT"}


def _region(where: Range) -> dict[str, int]:
    if where.cell:  # a region is one of the file, which is JSON
        return {"startLine": where.line}
    start, end = where.start, where.end
    return {"startLine": start.row, "startColumn": start.column, "endLine": end.row, "endColumn": end.column}


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    return {
        "description": {"text": printable(fix.message)},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path),
                "replacements": [
                    {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.content}}
                    for edit in fix.edits
                ],
            }
        ],
        "properties": {"applicability": fix.applicability.value},
    }
